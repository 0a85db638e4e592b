#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/names.h"
#include "core/base/random.h"
#include "core/http/status_set.h"
#include "core/route/affinity.h"
#include "core/route/header_rules.h"
#include "core/route/path.h"
#include "core/route/redirect.h"
#include "core/route/rewrite.h"
#include "core/route/route_options.h"
#include "core/route/text.h"
#include "core/route/upgrades.h"

namespace weir::route {

// One cluster of a split; weights add up from the first to the last.
struct Target {
  NameId cluster = 0;
  std::uint64_t weight_end = 0;  // sum of this and all earlier weights
};

// Sends the request to a cluster.
class Forward {
 public:
  Forward() = default;
  explicit Forward(std::vector<Target> targets) : targets_(std::move(targets)) {}

  const std::vector<Target>& targets() const { return targets_; }
  // The cluster for one request, in proportion to the weights. Nothing if all of them are zero,
  // which is answered with 500. Uses `random` only for a split.
  std::optional<NameId> pick(Random& random) const;
  // Always the same for the same key; a change of the weights moves few keys.
  std::optional<NameId> pick(std::uint64_t key) const;

 private:
  NameId at(std::uint64_t weight) const;

  std::vector<Target> targets_;
};

// A response without an upstream.
struct Respond {
  int status = 200;
  HeaderRules headers;  // of an otherwise empty response
  Text body;
};

using Action =
    std::variant<Forward, std::unique_ptr<const Redirect>, std::unique_ptr<const Respond>>;

// A copy of the request for another cluster, whose response is discarded.
struct Mirror {
  NameId cluster = 0;
  std::uint32_t per_million = 1'000'000;

  bool wants(Random& random) const {
    return per_million >= 1'000'000 || random.below(1'000'000) < per_million;
  }
};

// A failure after which a retry is possible.
enum class RetryOn : std::uint8_t {
  kConnectFailure,  // refused, unreachable, timed out: the request was not sent
  kReset,           // the connection was reset before response headers
  kTimeout,         // the try timed out before response headers
  kRefusedStream,   // HTTP/2 reported that the request was not processed
  kCount,
};

struct RetryPolicy {
  bool covers(RetryOn failure) const { return failures[static_cast<std::size_t>(failure)]; }
  bool covers(int status) const { return statuses.has(status); }

  std::uint32_t attempts = 1;  // after the first
  std::bitset<static_cast<std::size_t>(RetryOn::kCount)> failures;
  http::StatusSet statuses;
  Milliseconds backoff_base{25};  // the mean of the first pause is half of it (full jitter)
  Milliseconds backoff_max{250};
  Milliseconds max_retry_after{5'000};  // a response that asks for a longer pause is not retried
  std::uint64_t replay_body_bytes = 64 * 1024;  // a longer body is sent once
  bool non_idempotent = false;  // retry other methods as well, even after they were sent
};

// One configured route, compiled. Immutable, part of a plan; metrics and logs use its `id`.
struct Route {
  NameId id = 0;
  std::uint32_t index = 0;  // in RouteTable::routes(), also for data kept elsewhere
  std::string_view name;    // lives as long as the NameTable
  Action action;
  Timeouts timeouts;
  PathPolicy path;
  std::unique_ptr<const RetryPolicy> retry;  // null: the role's default
  std::unique_ptr<const Rewrite> rewrite;    // null: forwarded unchanged
  std::unique_ptr<const Affinity> affinity;  // null: none
  HeaderRules request_headers;
  HeaderRules response_headers;
  std::vector<Mirror> mirrors;
  Upgrades upgrades;
};

static_assert(sizeof(Route) <= 256, "what a request does not always need belongs out of line");

}  // namespace weir::route
