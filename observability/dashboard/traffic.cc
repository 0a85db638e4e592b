#include "observability/dashboard/traffic.h"

#include <algorithm>
#include <numeric>

namespace weir::dashboard {
namespace {

constexpr double kNanosecondsPerMillisecond = 1e6;

using Buckets = std::array<std::uint64_t, Sums::kBuckets>;

double milliseconds(std::int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / kNanosecondsPerMillisecond;
}

// Counters only grow; a worker may be between two of them while they are read.
std::uint64_t grown(std::uint64_t before, std::uint64_t after) {
  return after > before ? after - before : 0;
}

// As Prometheus does it: the durations of a bucket are assumed to be spread evenly, and those of
// the last one to be at its lower bound.
std::optional<double> quantile(const Buckets& buckets, double share) {
  const auto all = std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
  if (all == 0) return std::nullopt;
  const double rank = share * static_cast<double>(all);
  double below = 0;
  for (std::size_t i = 0; i < kLatencies.size(); ++i) {
    const auto count = static_cast<double>(buckets.at(i));
    if (count > 0 && below + count >= rank) {
      const double lower = i == 0 ? 0 : milliseconds(kLatencies.bound(i - 1));
      return lower + (milliseconds(kLatencies.bound(i)) - lower) * ((rank - below) / count);
    }
    below += count;
  }
  return milliseconds(kLatencies.bound(kLatencies.size() - 1));
}

}  // namespace

void Sums::addRequests(int status, std::uint64_t count) {
  requests += count;
  if (status >= 400 && status < 500) client_errors += count;
  if (status >= 500) server_errors += count;
}

void Sums::addDurations(const std::uint64_t* buckets) {
  for (std::size_t i = 0; i < kBuckets; ++i) durations.at(i) += buckets[i];
}

void Sums::add(const Sums& other) {
  requests += other.requests;
  client_errors += other.client_errors;
  server_errors += other.server_errors;
  addDurations(other.durations.data());
}

Traffic trafficBetween(const Sums& before, const Sums& after, double seconds) {
  Traffic traffic;
  const std::uint64_t requests = grown(before.requests, after.requests);
  const std::uint64_t failed = grown(before.server_errors, after.server_errors);
  const std::uint64_t refused = grown(before.client_errors, after.client_errors);
  if (seconds > 0) {
    traffic.per_second = static_cast<double>(requests) / seconds;
    traffic.client_errors_per_second = static_cast<double>(refused) / seconds;
    traffic.server_errors_per_second = static_cast<double>(failed) / seconds;
  }
  if (requests > 0) {
    const double share = static_cast<double>(failed) / static_cast<double>(requests);
    traffic.success = 1 - std::min(share, 1.0);
  }
  Buckets durations{};
  for (std::size_t i = 0; i < Sums::kBuckets; ++i) {
    durations.at(i) = grown(before.durations.at(i), after.durations.at(i));
  }
  traffic.p50 = quantile(durations, 0.5);
  traffic.p95 = quantile(durations, 0.95);
  traffic.p99 = quantile(durations, 0.99);
  return traffic;
}

}  // namespace weir::dashboard
