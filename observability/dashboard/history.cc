#include "observability/dashboard/history.h"

#include <algorithm>
#include <utility>

namespace weir::dashboard {
namespace {

std::string_view labelNamed(const metrics::SeriesTable& table, const MetricKey& key,
                            std::string_view name) {
  for (const MetricLabel& label : key.family().labels) {
    if (label.name == name) return metrics::labelText(label, key, table.names());
  }
  return {};
}

std::string endpoints(std::uint64_t count) {
  return count == 1 ? "an endpoint" : std::to_string(count) + " endpoints";
}

std::string_view meaningOf(std::string_view detector) {
  if (detector == "consecutive") return "consecutive failures";
  if (detector == "success_rate") return "too many failures";
  return "the probe failed";
}

// Each worker has breakers of its own.
Event ejection(const metrics::SeriesTable& table, const MetricKey& key, std::uint64_t count) {
  const bool enforced = labelNamed(table, key, "enforced") == "true";
  const bool local = labelNamed(table, key, "origin") == "local";
  std::string text(enforced ? "ejected " : "would have ejected ");
  text.append(endpoints(count)).append(": ");
  text.append(meaningOf(labelNamed(table, key, "detector")));
  text.append(local ? ", no connection" : ", no good response");
  return {.kind = Event::Kind::kEjection,
          .severity = enforced ? Event::Severity::kBad : Event::Severity::kNotice,
          .subject = std::string(labelNamed(table, key, "upstream")),
          .text = std::move(text)};
}

Event healthChange(const metrics::SeriesTable& table, const MetricKey& key, std::uint64_t count) {
  const std::string_view to = labelNamed(table, key, "to");
  return {.kind = Event::Kind::kHealth,
          .severity = to == "healthy" ? Event::Severity::kGood : Event::Severity::kBad,
          .subject = std::string(labelNamed(table, key, "upstream")),
          .text = endpoints(count) + " became " + std::string(to)};
}

}  // namespace

std::string_view wordOf(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::kReload:
      return "reload";
    case Event::Kind::kCertificate:
      return "certificate";
    case Event::Kind::kEjection:
      return "ejection";
    case Event::Kind::kHealth:
      return "health";
  }
  return {};
}

std::string_view wordOf(Event::Severity severity) {
  switch (severity) {
    case Event::Severity::kGood:
      return "good";
    case Event::Severity::kNotice:
      return "notice";
    case Event::Severity::kBad:
      return "bad";
  }
  return {};
}

// The families belong to the module mesh, which this one does not know.
std::vector<History::Followed> History::counters() {
  return {{"weir_outlier_ejections_total", ejection},
          {"weir_health_transitions_total", healthChange}};
}

void History::add(Event event, Nanoseconds wall) {
  event.number = ++latest_;
  event.at = wall;
  event.mistakes.resize(std::min(event.mistakes.size(), kMostMistakes));
  event.notes.resize(std::min(event.notes.size(), kMostMistakes));
  events_.push_back(std::move(event));
  if (events_.size() > kMostEvents) events_.pop_front();
}

void History::follow(const metrics::SeriesTable& table, Nanoseconds wall) {
  for (Followed& each : followed_) follow(table, each, wall);
}

void History::follow(const metrics::SeriesTable& table, Followed& followed, Nanoseconds wall) {
  const auto families = table.families();
  const auto found = std::ranges::find_if(
      families, [&](const auto& member) { return member.family->name == followed.family; });
  if (found == families.end()) return;
  followed.counts.resize(found->series.size());
  for (std::size_t i = 0; i < found->series.size(); ++i) {
    const metrics::Series& series = table.series(found->series[i]);
    const std::uint64_t now = *table.values(series);
    const std::uint64_t before = std::exchange(followed.counts[i], now);
    if (now > before) add(followed.make(table, series.key, now - before), wall);
  }
}

}  // namespace weir::dashboard
