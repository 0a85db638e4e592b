#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/keyed_hash.h"
#include "core/base/metric_cells.h"
#include "core/base/names.h"
#include "gateway/limit/in_flight_table.h"
#include "gateway/limit/lease_table.h"
#include "gateway/limit/quota.h"
#include "gateway/limit/rate_table.h"

namespace weir::gateway {

// What one rule of a limiter counts.
struct LimitSpec {
  std::optional<UnitRate> rate;  // nullopt: requests in flight
  std::uint32_t in_flight = 0;
  std::optional<Quota::Period> period = {};                  // of a quota
  std::vector<std::pair<std::string, UnitRate>> plans = {};  // instead of `rate`, for some callers

  bool operator==(const LimitSpec&) const = default;
};

struct LimiterSpec {
  NameId id = 0;             // of its name in metrics
  bool shared = false;       // by all filters with this name
  std::size_t max_keys = 0;  // of each rule
  bool leases = false;       // units are taken in advance
  std::vector<LimitSpec> rules;

  bool operator==(const LimiterSpec&) const = default;
};

// The counts of a limiter, which all workers share.
//
// Thread: any, except construction.
class Limiter {
 public:
  // The counts of `previous`, if it has any, are kept: of a rate, the used fraction of the burst.
  Limiter(LimiterSpec spec, const KeyedHash& hash, Nanoseconds now, const Limiter* previous);

  const LimiterSpec& spec() const { return spec_; }
  const KeyedHash& hash() const { return hash_; }
  // Of the rule with this number, according to its kind.
  RateTable& rates(std::size_t rule) const { return *tables_[rule].rates; }
  InFlightTable& inFlight(std::size_t rule) const { return *tables_[rule].in_flight; }
  std::size_t keys(Nanoseconds now) const;
  // The next two only with leases, of a rate. What the server that all instances share has replied
  // last about the buckets of the rule:
  RateTable& replied(std::size_t rule) const { return *tables_[rule].replied; }
  LeaseTable& leases(std::size_t rule) const { return *tables_[rule].leases; }

  // Counts the requests that wait until their limit allows them, under any one key.
  InFlightTable& waiting() const { return *waiting_; }

 private:
  static Nanoseconds timeOf(const LimitSpec& rule, Nanoseconds now);
  struct Table {
    std::unique_ptr<RateTable> rates;
    std::unique_ptr<InFlightTable> in_flight;
    std::unique_ptr<RateTable> replied = nullptr;
    std::unique_ptr<LeaseTable> leases = nullptr;
  };

  const LimiterSpec spec_;
  const KeyedHash hash_;
  std::vector<Table> tables_;
  const std::unique_ptr<InFlightTable> waiting_ = std::make_unique<InFlightTable>(1);
};

// The limiters in use. Nothing keeps one but the filters that have it.
//
// Thread: the control thread.
class Limiters {
 public:
  // One with a name is the same for all filters, as long as the specification is.
  std::shared_ptr<const Limiter> get(const LimiterSpec& spec, Nanoseconds now);
  // Counts the keys, if that was last done some seconds ago.
  void count(Nanoseconds now, MetricCells& cells);

 private:
  const KeyedHash hash_;
  std::map<NameId, std::weak_ptr<const Limiter>> named_;
  std::vector<std::weak_ptr<const Limiter>> all_;
  std::map<NameId, std::size_t> keys_;  // as counted last
  std::optional<Nanoseconds> counted_;
};

}  // namespace weir::gateway
