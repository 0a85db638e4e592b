#include "observability/admin/json_text.h"

#include <chrono>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/base/utc_time.h"

namespace weir::admin {
namespace {

using Json = nlohmann::ordered_json;

std::string textOf(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json healthOf(const EndpointHealth& health) {
  Json json = {{"state", health.state}, {"since", UtcTime{health.since}.preciseText()}};
  if (health.checked_at.count() == 0) return json;
  json["last_check"] = {
      {"at", UtcTime{health.checked_at}.preciseText()},
      {"result", health.result},
      {"detail", health.detail},
      {"duration_ms", std::chrono::duration<double, std::milli>(health.took).count()}};
  return json;
}

void addState(const EndpointState& endpoint, Json& one) {
  if (!endpoint.state.empty()) one["state"] = endpoint.state;
  if (!endpoint.since.empty()) one["since"] = endpoint.since;
  one["in_flight"] = endpoint.in_flight;
  if (endpoint.latency_ms) one["expected_latency_ms"] = *endpoint.latency_ms;
  if (endpoint.draining) one["draining"] = true;
  if (endpoint.ejected_by > 0) {
    one["ejected"] = true;
    one["ejected_by_workers"] = endpoint.ejected_by;
  }
}

Json endpointOf(const EndpointState& endpoint) {
  Json one = {{"address", endpoint.address}, {"weight", endpoint.weight}};
  if (!endpoint.zone.empty()) one["zone"] = endpoint.zone;
  if (endpoint.priority > 0) one["priority"] = endpoint.priority;
  addState(endpoint, one);
  for (const auto& [key, value] : endpoint.metadata) one["metadata"][key] = value;
  if (endpoint.health) one["health"] = healthOf(*endpoint.health);
  return one;
}

Json endpointsOf(const UpstreamState& upstream) {
  Json list = Json::array();
  for (const EndpointState& endpoint : upstream.endpoints) list.push_back(endpointOf(endpoint));
  return list;
}

Json routesOf(const Explanation& explanation) {
  Json list = Json::array();
  for (const ExplainedRoute& route : explanation.routes) {
    list.push_back({{"route", route.name},
                    {"outcome", route.outcome},
                    {"match", route.match},
                    {"action", route.action},
                    {"why", route.why}});
  }
  return list;
}

Json filtersOf(const Explanation& explanation) {
  Json list = Json::array();
  for (const ExplainedFilter& filter : explanation.filters) {
    Json& one = list.emplace_back(Json::object());
    one["filter"] = filter.name;
    one["of"] = filter.scope;
    one["outcome"] = filter.outcome;
    if (!filter.why.empty()) one["why"] = filter.why;
    if (!filter.near_misses.empty()) one["near_misses"] = filter.near_misses;
  }
  return list;
}

Json outcomeOf(const ExplainedOutcome& outcome) {
  Json json = {{"kind", outcome.kind}};
  if (outcome.status != 0) json["status"] = outcome.status;
  if (!outcome.reason.empty()) json["reason"] = outcome.reason;
  if (!outcome.detail.empty()) json["detail"] = outcome.detail;
  if (!outcome.filter.empty()) json["filter"] = outcome.filter;
  return json;
}

Json stateOf(const UpstreamState& upstream) {
  Json one;
  one["name"] = upstream.name;
  one["discovery"] = {{"kind", upstream.discovery},
                      {"known", upstream.known},
                      {"stale", upstream.stale},
                      {"failure", upstream.failure}};
  one["balancer"] = upstream.balancer;
  one["connections"] = {{"open", upstream.connections},
                        {"idle", upstream.idle_connections},
                        {"max", upstream.max_connections}};
  one["endpoints"] = endpointsOf(upstream);
  return one;
}

}  // namespace

std::string upstreamsJson(const UpstreamStates& states, std::optional<std::size_t> endpoints) {
  Json list = Json::array();
  for (const UpstreamState& upstream : states.upstreams) list.push_back(stateOf(upstream));
  Json page = {{"upstreams", std::move(list)}};
  if (endpoints) page["endpoint_count"] = *endpoints;
  if (states.silent_workers > 0) page["silent_workers"] = states.silent_workers;
  return textOf(page);
}

std::string listenersJson(const std::vector<ListenerState>& listeners) {
  Json list = Json::array();
  for (const ListenerState& listener : listeners) {
    list.push_back(
        {{"name", listener.name},
         {"address", listener.address},
         {"accepting", listener.accepting},
         {"connections", {{"open", listener.connections}, {"max", listener.max_connections}}}});
  }
  return textOf({{"listeners", std::move(list)}});
}

std::string explanationJson(const ExplainQuery& query, const Explanation& explanation) {
  Json headers = Json::object();
  for (const auto& [name, value] : query.headers) headers[name] = value;
  Json json;
  json["request"] = {{"method", query.method},
                     {"host", query.host},
                     {"path", query.path},
                     {"headers", std::move(headers)},
                     {"listener", explanation.listener},
                     {"source", query.source}};
  if (!query.caller.empty()) json["request"]["as"] = query.caller;
  json["path"] = explanation.path;
  json["route"] = nullptr;
  if (!explanation.refusal.empty()) json["refusal"] = explanation.refusal;
  for (const ExplainedRoute& route : explanation.routes) {
    if (route.outcome == "taken") json["route"] = route.name;
  }
  json["outcome"] = outcomeOf(explanation.outcome);
  json["considered"] = routesOf(explanation);
  json["filters"] = filtersOf(explanation);
  json["upstreams"] = Json::array();
  for (const UpstreamState& upstream : explanation.upstreams) {
    json["upstreams"].push_back(stateOf(upstream));
  }
  return textOf(json);
}

std::string reloadJson(const ReloadOutcome& outcome) {
  Json json;
  json["result"] = outcome.applied ? "applied" : "rejected";
  json["generation"] = outcome.generation;
  if (!outcome.warnings.empty()) json["warnings"] = outcome.warnings;
  if (!outcome.notes.empty()) json["notes"] = outcome.notes;
  if (outcome.applied) return textOf(json);
  Json& list = json["mistakes"] = Json::array();
  for (const config::Diagnostic& mistake : outcome.diagnostics.sorted()) {
    list.push_back({{"file", mistake.location.file},
                    {"line", mistake.location.line},
                    {"column", mistake.location.column},
                    {"path", mistake.path},
                    {"what", mistake.what},
                    {"suggestion", mistake.suggestion},
                    {"text", mistake.text()}});
  }
  return textOf(json);
}

std::string errorJson(int status, std::string_view detail) {
  return textOf({{"status", status}, {"detail", detail}});
}

std::string pairJson(std::string_view key, std::string_view value) {
  return textOf({{std::string(key), value}});
}

}  // namespace weir::admin
