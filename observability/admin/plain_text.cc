#include "observability/admin/plain_text.h"

#include <algorithm>
#include <string>
#include <vector>

namespace weir::admin {
namespace {

using Row = std::vector<std::string>;

// Columns as wide as necessary; the last one is not padded. The first row has the titles.
std::string tableOf(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text = "\n";
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.append(row[i]).append(widths[i] + 2 - row[i].size(), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text.append(line) += '\n';
  }
  return text;
}

std::string routesText(const std::vector<ExplainedRoute>& routes) {
  if (routes.empty()) return {};
  std::vector<Row> rows = {{"ROUTE", "OUTCOME", "MATCH", "ACTION", "WHY"}};
  for (const ExplainedRoute& route : routes) {
    rows.push_back({route.name, route.outcome, route.match, route.action, route.why});
  }
  return tableOf(rows);
}

std::string filtersText(const std::vector<ExplainedFilter>& filters) {
  if (filters.empty()) return {};
  std::vector<Row> rows = {{"FILTER", "OF", "OUTCOME", "WHY"}};
  for (const ExplainedFilter& filter : filters) {
    rows.push_back({filter.name, filter.scope, filter.outcome, filter.why});
    for (const std::string& miss : filter.near_misses) rows.push_back({"", "", "", miss});
  }
  return tableOf(rows);
}

std::string stateText(const EndpointState& endpoint) {
  if (endpoint.draining) return "draining";
  if (endpoint.health && endpoint.health->state == "unhealthy") return "unhealthy";
  if (endpoint.ejected_by > 0)
    return "ejected by " + std::to_string(endpoint.ejected_by) + " workers";
  return endpoint.weight == 0 ? "no traffic" : "in use";
}

std::string upstreamText(const UpstreamState& upstream) {
  std::vector<Row> rows = {{"UPSTREAM", "ENDPOINT", "WEIGHT", "ZONE", "IN FLIGHT", "STATE"}};
  for (const EndpointState& endpoint : upstream.endpoints) {
    rows.push_back({upstream.name, endpoint.address, std::to_string(endpoint.weight), endpoint.zone,
                    std::to_string(endpoint.in_flight), stateText(endpoint)});
  }
  if (upstream.endpoints.empty()) {
    rows.push_back({upstream.name, "", "", "", "",
                    upstream.known ? "no endpoints" : "found by " + upstream.discovery});
  }
  return tableOf(rows);
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

// Untrusted text must not move the cursor of a terminal.
std::string printable(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7F) c = '?';
  }
  return text;
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
  return printable(std::move(text));
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
