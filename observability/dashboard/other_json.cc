// Edges, events and certificates.
#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/reason.h"
#include "observability/dashboard/json_parts.h"
#include "observability/dashboard/overview_json.h"

namespace weir::dashboard {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostEdges = 200;
constexpr std::size_t kMostDenials = 100;

// From a listener by a route to an upstream.
struct Edge {
  const Topology::Listener* listener = nullptr;
  const Topology::Route* route = nullptr;  // null: connections that are not HTTP
  const Topology::Upstream* upstream = nullptr;
  bool mirror = false;
  Traffic traffic = {};
};

Traffic partOf(Traffic traffic, double share) {
  traffic.per_second *= share;
  traffic.client_errors_per_second *= share;
  traffic.server_errors_per_second *= share;
  return traffic;
}

void addEdges(const Scene& scene, const Topology::Listener& listener, const Topology::Route& route,
              std::vector<Edge>& edges) {
  const Traffic arrival = scene.samples.arrival(listener.id, route.id);
  for (const Topology::Target& target : route.targets) {
    const auto* const upstream = scene.topology.upstream(target.upstream);
    if (upstream == nullptr || listener.tcp) continue;
    edges.push_back({&listener, &route, upstream, target.mirror, partOf(arrival, target.share)});
  }
}

std::vector<Edge> edgesOf(const Scene& scene) {
  std::vector<Edge> edges;
  for (const Topology::Listener& listener : scene.topology.listeners) {
    if (const auto* upstream = scene.topology.upstream(listener.upstream)) {
      edges.push_back({&listener, nullptr, upstream, false, scene.samples.upstream(upstream->id)});
    }
    for (const Topology::Route& route : scene.topology.routes) {
      addEdges(scene, listener, route, edges);
    }
  }
  std::ranges::stable_sort(edges, std::greater{},
                           [](const Edge& edge) { return edge.traffic.per_second; });
  return edges;
}

Json edgeJson(const Edge& edge) {
  return {{"from", edge.listener->name},
          {"route", edge.route == nullptr ? std::string_view() : edge.route->name},
          {"to", edge.upstream->name},
          {"mirror", edge.mirror},
          {"now", trafficJson<Json>(edge.traffic)}};
}

bool isDenial(int status) { return status == 401 || status == 403 || status == 429; }

Json denialsOf(const Scene& scene) {
  std::vector<LocalReplies> all = scene.samples.localReplies();
  std::erase_if(all,
                [](const LocalReplies& each) { return !isDenial(each.status) || each.count == 0; });
  std::ranges::stable_sort(all, [](const LocalReplies& one, const LocalReplies& other) {
    return std::pair(one.per_second, one.count) > std::pair(other.per_second, other.count);
  });
  Json list = Json::array();
  for (const LocalReplies& each : all) {
    if (list.size() == kMostDenials) break;
    list.push_back({{"from", nameOf(scene.names, each.listener)},
                    {"route", nameOf(scene.names, each.route)},
                    {"filter", nameOf(scene.names, each.filter)},
                    {"reason", toString(each.reason)},
                    {"status", each.status},
                    {"per_second", rounded(each.per_second)},
                    {"total", each.count}});
  }
  return list;
}

Json handshakesOf(const Scene& scene) {
  std::vector<MutualHandshakes> all = scene.samples.handshakes();
  std::ranges::stable_sort(all, std::greater{}, &MutualHandshakes::count);
  Json list = Json::array();
  for (const MutualHandshakes& each : all) {
    if (list.size() == kMostEdges) break;
    list.push_back({{"peer", nameOf(scene.names, each.peer)},
                    {"direction", each.inbound ? "inbound" : "outbound"},
                    {"result", each.accepted ? "ok" : "failed"},
                    {"count", each.count}});
  }
  return list;
}

Json eventJson(const Event& event) {
  Json json = {{"number", event.number},     {"at", millisecondsOf(event.at)},
               {"kind", wordOf(event.kind)}, {"severity", wordOf(event.severity)},
               {"subject", event.subject},   {"text", event.text}};
  if (event.generation != 0) json["generation"] = event.generation;
  if (!event.notes.empty()) json["notes"] = event.notes;
  for (const config::Diagnostic& mistake : event.mistakes) {
    json["mistakes"].push_back({{"file", mistake.location.file},
                                {"line", mistake.location.line},
                                {"column", mistake.location.column},
                                {"path", mistake.path},
                                {"what", mistake.what},
                                {"suggestion", mistake.suggestion},
                                {"text", mistake.text()}});
  }
  return json;
}

}  // namespace

std::string edgesJson(const Scene& scene) {
  Json json = headOf<Json>(scene);
  Json& listeners = json["listeners"] = Json::array();
  for (const Topology::Listener& listener : scene.topology.listeners) {
    listeners.push_back({{"name", listener.name},
                         {"address", listener.address},
                         {"tls", listener.tls},
                         {"mutual_tls", listener.mutual},
                         {"now", trafficJson<Json>(scene.samples.listener(listener.id))}});
  }
  const std::vector<Edge> edges = edgesOf(scene);
  const std::size_t shown = std::min(edges.size(), kMostEdges);
  std::set<NameId> reached;
  Json list = Json::array();
  for (std::size_t i = 0; i < shown; ++i) {
    list.push_back(edgeJson(edges[i]));
    reached.insert(edges[i].upstream->id);
  }
  Json& upstreams = json["upstreams"] = Json::array();
  for (const NameId id : reached) {
    const Topology::Upstream& upstream = *scene.topology.upstream(id);
    const UpstreamGauges gauges = scene.samples.gauges(id);
    upstreams.push_back({{"name", upstream.name},
                         {"tls", upstream.tls},
                         {"mutual_tls", upstream.mutual},
                         {"ejected", ejectedOf(scene, gauges)},
                         {"unhealthy", gauges.unhealthy},
                         {"now", trafficJson<Json>(scene.samples.upstream(id))}});
  }
  json["edges"] = std::move(list);
  json["omitted"] = edges.size() - shown;
  json["denied"] = denialsOf(scene);
  json["mutual_tls_handshakes"] = handshakesOf(scene);
  return textOf(json);
}

std::string eventsJson(const Scene& scene, std::uint64_t after) {
  Json list = Json::array();
  for (const Event& event : scene.history.events()) {
    if (event.number > after) list.push_back(eventJson(event));
  }
  Json json = {{"generation", scene.topology.generation}};
  json["latest"] = scene.history.latest();
  json["events"] = std::move(list);
  return textOf(json);
}

std::string certificatesJson(const Scene& scene) {
  Json list = Json::array();
  for (const Topology::Certificate& certificate : scene.topology.certificates) {
    list.push_back({{"source", certificate.source},
                    {"subject", certificate.subject},
                    {"issuer", certificate.issuer},
                    {"key_type", certificate.key_type},
                    {"identity", certificate.identity},
                    {"names", certificate.names},
                    {"used_by", certificate.used_by},
                    {"not_before", millisecondsOf(certificate.not_before)},
                    {"not_after", millisecondsOf(certificate.not_after)}});
  }
  Json json = {{"generation", scene.topology.generation}};
  json["certificates"] = std::move(list);
  return textOf(json);
}

}  // namespace weir::dashboard
