#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/config/diagnostics.h"
#include "observability/metrics/series.h"

namespace weir::dashboard {

// Something that happened to the process.
struct Event {
  enum class Kind : std::uint8_t { kReload, kCertificate, kEjection, kHealth };
  enum class Severity : std::uint8_t { kGood, kNotice, kBad };

  Kind kind = Kind::kReload;
  Severity severity = Severity::kNotice;
  std::string subject = {};  // the upstream; often empty
  std::string text = {};
  std::vector<std::string> notes = {};            // warnings, and what needs a restart
  std::vector<config::Diagnostic> mistakes = {};  // of a configuration that was rejected
  std::uint64_t generation = 0;                   // of the configuration then in force
  std::uint64_t number = 0;                       // filled in by History, from 1
  Nanoseconds at{0};                              // likewise: of the wall clock
};

std::string_view wordOf(Event::Kind kind);
std::string_view wordOf(Event::Severity severity);

// The latest events, for people who look later.
//
// Thread: the control thread.
class History {
 public:
  static constexpr std::size_t kMostEvents = 256;
  static constexpr std::size_t kMostMistakes = 20;  // of one event

  void add(Event event, Nanoseconds wall);
  // Adds what counters show to have happened to endpoints since the previous call.
  void follow(const metrics::SeriesTable& table, Nanoseconds wall);
  const std::deque<Event>& events() const { return events_; }  // the latest last
  std::uint64_t latest() const { return latest_; }             // number; 0: none

 private:
  using Make = Event (*)(const metrics::SeriesTable& table, const MetricKey& key,
                         std::uint64_t count);
  struct Followed {
    std::string_view family;
    Make make;
    std::vector<std::uint64_t> counts = {};  // by the series of the family
  };
  void follow(const metrics::SeriesTable& table, Followed& followed, Nanoseconds wall);
  static std::vector<Followed> counters();

  std::vector<Followed> followed_ = counters();
  std::deque<Event> events_;
  std::uint64_t latest_ = 0;
};

}  // namespace weir::dashboard
