#include "observability/dashboard/samples.h"

#include <algorithm>
#include <chrono>

#include "core/proxy/connection_metrics.h"
#include "core/proxy/metrics.h"
#include "core/tls/metrics.h"
#include "core/upstream/metrics.h"

namespace weir::dashboard {
namespace {

// Of the module mesh, which this one does not know.
constexpr std::string_view kEjectedEndpoints = "weir_outlier_ejected_endpoints";

double seconds(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

bool isHistogram(const MetricFamily& family) { return family.type == MetricType::kHistogram; }

const metrics::SeriesTable::Member* familyNamed(const metrics::SeriesTable& table,
                                                std::string_view name) {
  const auto families = table.families();
  const auto found = std::ranges::find_if(
      families, [name](const auto& member) { return member.family->name == name; });
  return found == families.end() ? nullptr : &*found;
}

using Field = std::int64_t UpstreamGauges::*;

Field fieldOf(upstream::EndpointState state) {
  switch (state) {
    case upstream::EndpointState::kHealthy:
      return &UpstreamGauges::healthy;
    case upstream::EndpointState::kStale:
      return &UpstreamGauges::stale;
    case upstream::EndpointState::kDraining:
      return &UpstreamGauges::draining;
    case upstream::EndpointState::kUnhealthy:
      return &UpstreamGauges::unhealthy;
  }
  return &UpstreamGauges::healthy;
}

template <typename Visit>
void forEach(const metrics::SeriesTable& table, std::span<const std::uint32_t> members,
             Visit visit) {
  for (const std::uint32_t index : members) {
    const metrics::Series& series = table.series(index);
    visit(series.key, static_cast<std::int64_t>(*table.values(series)));
  }
}

std::int64_t sumOf(const metrics::SeriesTable& table, const MetricFamily& family) {
  std::int64_t sum = 0;
  forEach(table, table.ofFamily(family),
          [&](const MetricKey&, std::int64_t value) { sum += value; });
  return sum;
}

}  // namespace

std::vector<Samples::Followed> Samples::followed() {
  return {{&proxy::kRequestsFamily},
          {&proxy::kRequestDurationFamily},
          {&upstream::kRequestsFamily},
          {&upstream::kAttemptDurationFamily},
          {&proxy::kLocalRepliesFamily}};
}

Samples::Key Samples::keyOf(const MetricKey& series) {
  const KeyNames names = series.names();
  const KeyFields fields = series.fields();
  const MetricFamily* const family = &series.family();
  if (family == &proxy::kLocalRepliesFamily) {
    return {Group::kReply, names.a, names.b, names.c, fields.code, fields.first};
  }
  if (family == &upstream::kRequestsFamily || family == &upstream::kAttemptDurationFamily) {
    return {Group::kUpstream, names.a};
  }
  return {Group::kArrival, names.a, names.b};
}

Samples::Slot Samples::place(const Key& key) {
  const auto [found, added] = slots_.try_emplace(key, static_cast<Slot>(slots_.size()));
  const Slot slot = found->second;
  if (added && key.group == Group::kArrival) {
    arrivals_.push_back({slot, place({Group::kRoute, 0, key.b}), place({Group::kListener, key.a})});
  }
  return slot;
}

Samples::Slot Samples::find(const Key& key) const {
  const auto found = slots_.find(key);
  return found == slots_.end() ? kNowhere : found->second;
}

bool Samples::due(Nanoseconds now) const {
  return snapshots_.empty() || now - snapshots_.back().at >= kInterval;
}

void Samples::take(const metrics::SeriesTable& table, Nanoseconds now, Nanoseconds wall) {
  if (!snapshots_.empty() && now - snapshots_.back().at > kPatience) {
    snapshots_.clear();
    points_.clear();
  }
  Snapshot snapshot{now, {}};
  if (snapshots_.size() > kWindow) {
    snapshot.sums = std::move(snapshots_.front().sums);  // its memory
    snapshots_.pop_front();
  }
  snapshot.sums.assign(slots_.size(), {});
  for (Followed& each : families_) addFamily(table, each, snapshot.sums);
  addArrivals(snapshot.sums);
  readGauges(table);
  readHandshakes(table);
  snapshots_.push_back(std::move(snapshot));
  if (snapshots_.size() < 2) return;
  const Snapshot& before = snapshots_[snapshots_.size() - 2];
  const Snapshot& after = snapshots_.back();
  points_.push_back(
      {wall, trafficBetween(at(before, kTotal), at(after, kTotal), seconds(after.at - before.at))});
  if (points_.size() > kPoints) points_.pop_front();
}

// An attempt without a response has failed if there is a reason.
void Samples::addFamily(const metrics::SeriesTable& table, Followed& followed,
                        std::vector<Sums>& sums) {
  const auto members = table.ofFamily(*followed.family);
  for (std::size_t i = followed.slots.size(); i < members.size(); ++i) {
    followed.slots.push_back(place(keyOf(table.series(members[i]).key)));
  }
  sums.resize(slots_.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    const metrics::Series& series = table.series(members[i]);
    const std::uint64_t* const values = table.values(series);
    Sums& sum = sums[followed.slots[i]];
    if (isHistogram(*followed.family)) {
      sum.addDurations(values + 1);
      continue;
    }
    const KeyFields fields = series.key.fields();
    const bool failed = followed.family == &upstream::kRequestsFamily && fields.code == 0 &&
                        fields.first != field(Reason::kNone);
    sum.addRequests(failed ? 599 : static_cast<int>(fields.code), *values);
  }
}

void Samples::addArrivals(std::vector<Sums>& sums) const {
  for (const Arrival& each : arrivals_) {
    const Sums& arrival = sums[each.arrival];
    sums[each.route].add(arrival);
    sums[each.listener].add(arrival);
    sums[kTotal].add(arrival);
  }
}

void Samples::readGauges(const metrics::SeriesTable& table) {
  gauges_.clear();
  constexpr std::pair<const MetricFamily*, Field> kFields[] = {
      {&upstream::kConnectionsActiveFamily, &UpstreamGauges::connections},
      {&upstream::kConnectionsIdleFamily, &UpstreamGauges::idle_connections},
      {&upstream::kQueueDepthFamily, &UpstreamGauges::waiting},
      {&upstream::kPanicFamily, &UpstreamGauges::panic},
  };
  for (const auto& [family, member] : kFields) {
    forEach(table, table.ofFamily(*family),
            [&, to = member](const MetricKey& key, std::int64_t value) {
              gauges_[key.names().a].*to += value;
            });
  }
  forEach(table, table.ofFamily(upstream::kEndpointsFamily),
          [&](const MetricKey& key, std::int64_t value) {
            const auto state = static_cast<upstream::EndpointState>(key.fields().first);
            gauges_[key.names().a].*fieldOf(state) += value;
          });
  if (const auto* ejected = familyNamed(table, kEjectedEndpoints)) {
    forEach(table, ejected->series, [&](const MetricKey& key, std::int64_t value) {
      gauges_[key.names().a].ejected += value;
    });
  }
  in_flight_ = sumOf(table, proxy::kRequestsInFlightFamily);
  connections_ = sumOf(table, proxy::kConnectionsActiveFamily);
}

void Samples::readHandshakes(const metrics::SeriesTable& table) {
  handshakes_.clear();
  forEach(table, table.ofFamily(tls::kMtlsConnectionsFamily),
          [&](const MetricKey& key, std::int64_t value) {
            const KeyFields fields = key.fields();
            handshakes_.push_back({key.names().a, fields.first == field(tls::Direction::kInbound),
                                   fields.second == field(tls::MtlsResult::kOk),
                                   static_cast<std::uint64_t>(value)});
          });
}

// A slot that is newer than the snapshot had no counts then.
const Sums& Samples::at(const Snapshot& snapshot, Slot slot) {
  static constexpr Sums kNone;
  return slot < snapshot.sums.size() ? snapshot.sums[slot] : kNone;
}

Traffic Samples::recent(Slot slot) const {
  if (snapshots_.size() < 2) return {};
  const Snapshot& after = snapshots_.back();
  return trafficBetween(at(snapshots_.front(), slot), at(after, slot), windowSeconds());
}

Sums Samples::latest(Slot slot) const {
  return snapshots_.empty() ? Sums{} : at(snapshots_.back(), slot);
}

double Samples::windowSeconds() const {
  if (snapshots_.size() < 2) return 0;
  return seconds(snapshots_.back().at - snapshots_.front().at);
}

std::vector<LocalReplies> Samples::localReplies() const {
  std::vector<LocalReplies> all;
  for (auto each = slots_.lower_bound({Group::kReply}); each != slots_.end(); ++each) {
    const auto& [key, slot] = *each;
    all.push_back({key.a, key.b, key.c, static_cast<int>(key.code), static_cast<Reason>(key.reason),
                   latest(slot).requests, recent(slot).per_second});
  }
  return all;
}

UpstreamGauges Samples::gauges(NameId upstream) const {
  const auto found = gauges_.find(upstream);
  return found == gauges_.end() ? UpstreamGauges{} : found->second;
}

}  // namespace weir::dashboard
