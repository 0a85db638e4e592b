#include "observability/admin/plain_text.h"

#include <string>
#include <vector>

#include "observability/text/table.h"

namespace weir::admin {
namespace {

std::string routesText(const std::vector<ExplainedRoute>& routes) {
  if (routes.empty()) return {};
  std::vector<TextRow> rows = {{"ROUTE", "OUTCOME", "MATCH", "ACTION", "WHY"}};
  for (const ExplainedRoute& route : routes) {
    rows.push_back({route.name, route.outcome, route.match, route.action, route.why});
  }
  return textTable(rows);
}

std::string filtersText(const std::vector<ExplainedFilter>& filters) {
  if (filters.empty()) return {};
  std::vector<TextRow> rows = {{"FILTER", "OF", "OUTCOME", "WHY"}};
  for (const ExplainedFilter& filter : filters) {
    rows.push_back({filter.name, filter.scope, filter.outcome, filter.why});
    for (const std::string& miss : filter.near_misses) rows.push_back({"", "", "", miss});
  }
  return textTable(rows);
}

std::string stateText(const EndpointState& endpoint) {
  if (endpoint.state == "ejected") {
    return "ejected by " + std::to_string(endpoint.ejected_by) + " workers";
  }
  const bool usable = endpoint.state.empty() || endpoint.state == "healthy";
  if (!usable) return endpoint.state;
  return endpoint.weight == 0 ? "no traffic" : "in use";
}

std::string upstreamText(const UpstreamState& upstream) {
  std::vector<TextRow> rows = {{"UPSTREAM", "ENDPOINT", "WEIGHT", "ZONE", "IN FLIGHT", "STATE"}};
  for (const EndpointState& endpoint : upstream.endpoints) {
    rows.push_back({upstream.name, endpoint.address, std::to_string(endpoint.weight), endpoint.zone,
                    std::to_string(endpoint.in_flight), stateText(endpoint)});
  }
  if (upstream.endpoints.empty()) {
    rows.push_back({upstream.name, "", "", "", "",
                    upstream.known ? "no endpoints" : "found by " + upstream.discovery});
  }
  return textTable(rows);
}

std::string verdictOf(const Explanation& explanation) {
  const ExplainedOutcome& outcome = explanation.outcome;
  if (!outcome.filter.empty()) {
    return "is refused by the filter " + outcome.filter + ": " + std::to_string(outcome.status) +
           " " + outcome.reason + ", " + outcome.detail;
  }
  if (!explanation.refusal.empty()) return "is refused: " + explanation.refusal;
  for (const ExplainedRoute& route : explanation.routes) {
    if (route.outcome == "taken") return "matches route " + route.name + ": " + route.action;
  }
  return "matches no route: 404 no_route";
}

}  // namespace

std::string explanationText(const ExplainQuery& query, const Explanation& explanation) {
  std::string text = query.method + " " + query.host + query.path;
  text += " on listener " + explanation.listener;
  if (!query.source.empty()) text += " from " + query.source;
  if (!query.caller.empty()) text += " as " + query.caller;
  text += "\n  " + verdictOf(explanation) + "\n" + routesText(explanation.routes) +
          filtersText(explanation.filters);
  for (const UpstreamState& upstream : explanation.upstreams) text += upstreamText(upstream);
  return printableText(std::move(text));
}

std::string reloadText(const ReloadOutcome& outcome) {
  const std::string generation = "generation " + std::to_string(outcome.generation);
  std::string notes;
  for (const std::string& note : outcome.notes) notes += "note: " + note + "\n";
  for (const std::string& warning : outcome.warnings) notes += "warning: " + warning + "\n";
  if (outcome.applied) return notes + "applied: " + generation + "\n";
  return outcome.diagnostics.text() + "rejected: " + generation + " remains in force\n";
}

}  // namespace weir::admin
