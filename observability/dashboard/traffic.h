#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/metric_family.h"

namespace weir::dashboard {

// The requests of a route, an upstream or the whole process, counted since the start.
struct Sums {
  static constexpr std::size_t kBuckets = HistogramShape::kMaxBounds + 1;

  void addRequests(int status, std::uint64_t count);
  // Adds the buckets of a histogram, as they are in metric cells.
  void addDurations(const std::uint64_t* buckets);
  void add(const Sums& other);

  std::uint64_t requests = 0;
  std::uint64_t client_errors = 0;                  // status 4xx
  std::uint64_t server_errors = 0;                  // status 5xx, or an attempt without a response
  std::array<std::uint64_t, kBuckets> durations{};  // by bucket, not cumulative
};

// What happened between two points in time.
struct Traffic {
  double per_second = 0;
  double client_errors_per_second = 0;
  double server_errors_per_second = 0;
  std::optional<double> success;  // share without a server error; empty: there were no requests
  // Quantiles of the duration, in milliseconds; empty: no request has ended.
  std::optional<double> p50;
  std::optional<double> p95;
  std::optional<double> p99;
};

Traffic trafficBetween(const Sums& before, const Sums& after, double seconds);

}  // namespace weir::dashboard
