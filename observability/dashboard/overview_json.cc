#include "observability/dashboard/overview_json.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/number.h"
#include "core/base/reason.h"
#include "core/server/discoveries.h"
#include "observability/dashboard/json_parts.h"

namespace weir::dashboard {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostReasons = 10;
constexpr std::size_t kMostTroubled = 8;

// An element of the topology with its traffic, for sorting.
template <typename Element>
struct Row {
  const Element* element;
  Traffic traffic;
  double trouble = 0;
};

template <typename Element>
double sortKey(const Row<Element>& row, std::string_view sort) {
  if (sort == "errors") return row.traffic.server_errors_per_second;
  if (sort == "success") return 1 - row.traffic.success.value_or(1);
  if (sort == "p50") return row.traffic.p50.value_or(-1);
  if (sort == "p95") return row.traffic.p95.value_or(-1);
  if (sort == "p99") return row.traffic.p99.value_or(-1);
  if (sort == "trouble") return row.trouble;
  return row.traffic.per_second;
}

// The largest first, by name if they are equal.
template <typename Element>
void sortRows(std::vector<Row<Element>>& rows, std::string_view sort) {
  if (sort == "file") return;
  std::stable_sort(rows.begin(), rows.end(), [sort](const auto& one, const auto& other) {
    if (sort == "name") return one.element->name < other.element->name;
    const double first = sortKey(one, sort);
    const double second = sortKey(other, sort);
    return first != second ? first > second : one.element->name < other.element->name;
  });
}

// {"count": ..., "offset": ..., "rows": [...]} with the rows that the viewer sees.
template <typename Element, typename Write>
Json tableOf(std::vector<Row<Element>> all, const Rows& wanted, Write write) {
  std::erase_if(all, [&](const auto& row) {
    return row.element->name.find(wanted.filter) == std::string_view::npos;
  });
  sortRows(all, wanted.sort);
  Json list = Json::array();
  const std::size_t end = std::min(all.size(), wanted.offset + wanted.limit);
  for (std::size_t i = wanted.offset; i < end; ++i) list.push_back(write(all[i]));
  return {{"count", all.size()}, {"offset", wanted.offset}, {"rows", std::move(list)}};
}

std::vector<Row<Topology::Route>> routesOf(const Scene& scene) {
  std::vector<Row<Topology::Route>> rows;
  for (const Topology::Route& route : scene.topology.routes) {
    rows.push_back({&route, scene.samples.route(route.id)});
  }
  return rows;
}

// Endpoints that get no requests count most.
double troubleOf(const UpstreamGauges& gauges, const Traffic& traffic) {
  const auto out = static_cast<double>(gauges.ejected + gauges.unhealthy + gauges.panic);
  return out * 1e6 + traffic.server_errors_per_second;
}

std::vector<Row<Topology::Upstream>> upstreamsOf(const Scene& scene) {
  std::vector<Row<Topology::Upstream>> rows;
  for (const Topology::Upstream& upstream : scene.topology.upstreams) {
    const Traffic traffic = scene.samples.upstream(upstream.id);
    rows.push_back({&upstream, traffic, troubleOf(scene.samples.gauges(upstream.id), traffic)});
  }
  return rows;
}

Json routeJson(const Scene& scene, const Row<Topology::Route>& row) {
  return {{"name", row.element->name},
          {"match", row.element->match},
          {"action", row.element->action},
          {"now", trafficJson<Json>(row.traffic)},
          {"total", sumsJson<Json>(scene.samples.routeSums(row.element->id))}};
}

Json arrivalsOf(const Scene& scene, const Topology::Route& route) {
  Json list = Json::array();
  for (const Topology::Listener& listener : scene.topology.listeners) {
    const Traffic traffic = scene.samples.arrival(listener.id, route.id);
    if (traffic.per_second == 0) continue;
    list.push_back({{"listener", listener.name},
                    {"per_second", rounded(traffic.per_second)},
                    {"success", jsonOf<Json>(traffic.success)}});
  }
  return list;
}

// If the upstream has one user, its traffic is that of the target. Otherwise the target's part is
// derived from the weights.
Json targetsOf(const Scene& scene, const Row<Topology::Route>& row) {
  Json list = Json::array();
  for (const Topology::Target& target : row.element->targets) {
    const Topology::Upstream* const upstream = scene.topology.upstream(target.upstream);
    if (upstream == nullptr) continue;
    const bool exact = upstream->users == 1;
    const Traffic traffic = scene.samples.upstream(target.upstream);
    const double rate = exact ? traffic.per_second : row.traffic.per_second * target.share;
    list.push_back({{"upstream", upstream->name},
                    {"share", rounded(target.share)},
                    {"mirror", target.mirror},
                    {"exact", exact},
                    {"per_second", rounded(rate)},
                    {"success", jsonOf<Json>(traffic.success)},
                    {"p99_ms", jsonOf<Json>(traffic.p99)}});
  }
  return list;
}

Json upstreamJson(const Scene& scene, const Row<Topology::Upstream>& row) {
  const Topology::Upstream& upstream = *row.element;
  const UpstreamGauges gauges = scene.samples.gauges(upstream.id);
  Json json = {{"name", upstream.name},
               {"discovery", upstream.discovery},
               {"balancer", upstream.balancer},
               {"tls", upstream.tls},
               {"mutual_tls", upstream.mutual},
               {"now", trafficJson<Json>(row.traffic)},
               {"total", sumsJson<Json>(scene.samples.upstreamSums(upstream.id))},
               {"connections", gauges.connections},
               {"idle_connections", gauges.idle_connections},
               {"waiting", gauges.waiting},
               {"panic", gauges.panic > 0},
               {"ejected", ejectedOf(scene, gauges)}};
  json["endpoints"] = {{"healthy", gauges.healthy},
                       {"unhealthy", gauges.unhealthy},
                       {"draining", gauges.draining},
                       {"stale", gauges.stale}};
  if (const auto* state = scene.discoveries.state(upstream.id)) {
    json["stale"] = state->stale;
    if (!state->failure.empty()) json["failure"] = state->failure;
  }
  return json;
}

// The reasons for which weir itself replies, the most frequent now first.
Json reasonsOf(const Scene& scene) {
  std::vector<LocalReplies> all = scene.samples.localReplies();
  std::erase_if(all, [](const LocalReplies& each) { return each.per_second == 0; });
  std::ranges::sort(all, std::greater{}, &LocalReplies::per_second);
  Json list = Json::array();
  for (const LocalReplies& each : all) {
    if (list.size() == kMostReasons) break;
    list.push_back({{"reason", toString(each.reason)},
                    {"meaning", describe(each.reason).meaning},
                    {"remedy", describe(each.reason).remedy},
                    {"status", each.status},
                    {"listener", nameOf(scene.names, each.listener)},
                    {"route", nameOf(scene.names, each.route)},
                    {"filter", nameOf(scene.names, each.filter)},
                    {"per_second", rounded(each.per_second)},
                    {"total", each.count}});
  }
  return list;
}

// Upstreams with failures or with endpoints out of use.
Json troubledOf(const Scene& scene) {
  auto rows = upstreamsOf(scene);
  std::erase_if(rows, [](const auto& row) { return row.trouble == 0; });
  const Rows wanted{.sort = "trouble", .limit = kMostTroubled};
  return tableOf(std::move(rows), wanted,
                 [&](const auto& row) { return upstreamJson(scene, row); });
}

Json pointJson(const Samples::Point& point) {
  const Traffic& traffic = point.traffic;
  return Json::array({millisecondsOf(point.at), rounded(traffic.per_second),
                      rounded(traffic.client_errors_per_second),
                      rounded(traffic.server_errors_per_second), jsonOf<Json>(traffic.p50),
                      jsonOf<Json>(traffic.p95), jsonOf<Json>(traffic.p99)});
}

}  // namespace

bool Rows::read(const admin::PageRequest& request, Rows& rows) {
  for (const auto& [name, value] : request.parameters) {
    if (name == "sort") rows.sort = value;
    if (name == "filter") rows.filter = value;
    if (name != "offset" && name != "limit") continue;
    const auto number = parseNumber<std::uint32_t>(value);
    if (!number) return false;
    (name == "offset" ? rows.offset : rows.limit) = *number;
  }
  rows.limit = std::min(rows.limit, kMost);
  return true;
}

std::string overviewJson(const Scene& scene, const Rows& rows) {
  Json json = headOf<Json>(scene);
  const auto& points = scene.samples.points();
  json["point"] = points.empty() ? Json(nullptr) : pointJson(points.back());
  json["routes"] =
      tableOf(routesOf(scene), rows, [&](const auto& row) { return routeJson(scene, row); });
  json["troubled_upstreams"] = troubledOf(scene);
  json["reasons"] = reasonsOf(scene);
  return textOf(json);
}

std::string historyJson(const Scene& scene) {
  Json list = Json::array();
  for (const Samples::Point& point : scene.samples.points()) list.push_back(pointJson(point));
  Json json = {{"at", millisecondsOf(scene.wall)}};
  json["columns"] = {
      "at",     "per_second", "client_errors_per_second", "server_errors_per_second", "p50_ms",
      "p95_ms", "p99_ms"};
  json["points"] = std::move(list);
  return textOf(json);
}

std::string routesJson(const Scene& scene, const Rows& rows) {
  Json json = headOf<Json>(scene);
  Json& listeners = json["listeners"] = Json::array();
  for (const Topology::Listener& listener : scene.topology.listeners) {
    const Topology::Upstream* const upstream = scene.topology.upstream(listener.upstream);
    listeners.push_back({{"name", listener.name},
                         {"address", listener.address},
                         {"tls", listener.tls},
                         {"mutual_tls", listener.mutual},
                         {"tcp", listener.tcp},
                         {"upstream", upstream == nullptr ? std::string_view() : upstream->name},
                         {"filters", listener.filters},
                         {"now", trafficJson<Json>(scene.samples.listener(listener.id))}});
  }
  json["routes"] = tableOf(routesOf(scene), rows, [&](const auto& row) {
    Json route = routeJson(scene, row);
    route["filters"] = row.element->filters;
    route["arrivals"] = arrivalsOf(scene, *row.element);
    route["targets"] = targetsOf(scene, row);
    return route;
  });
  return textOf(json);
}

std::string_view versionOfWeir() { return WEIR_VERSION; }

std::string upstreamsJson(const Scene& scene, const Rows& rows) {
  Json json = headOf<Json>(scene);
  json["upstreams"] =
      tableOf(upstreamsOf(scene), rows, [&](const auto& row) { return upstreamJson(scene, row); });
  return textOf(json);
}

}  // namespace weir::dashboard
