#include "observability/admin/plain_text.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace weir::admin {
namespace {

constexpr std::size_t kColumns = 5;
using Row = std::array<std::string_view, kColumns>;

Row rowOf(const ExplainedRoute& route) {
  return {route.name, route.outcome, route.match, route.action, route.why};
}

// Columns as wide as necessary; the last one is not padded.
std::string tableOf(const std::vector<ExplainedRoute>& routes) {
  constexpr Row kTitles = {"ROUTE", "OUTCOME", "MATCH", "ACTION", "WHY"};
  std::array<std::size_t, kColumns> widths{};
  const auto widen = [&](const Row& row) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], row[i].size());
  };
  std::string text;
  const auto append = [&](const Row& row) {
    for (std::size_t i = 0; i + 1 < kColumns; ++i) {
      text.append(row[i]).append(widths[i] + 2 - row[i].size(), ' ');
    }
    text.append(row.back()) += '\n';
  };
  widen(kTitles);
  for (const ExplainedRoute& route : routes) widen(rowOf(route));
  append(kTitles);
  for (const ExplainedRoute& route : routes) append(rowOf(route));
  return text;
}

std::string verdictOf(const Explanation& explanation) {
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
  text += "\n  " + verdictOf(explanation) + "\n";
  if (!explanation.routes.empty()) text += "\n" + tableOf(explanation.routes);
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
