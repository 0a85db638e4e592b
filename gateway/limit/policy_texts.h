#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/arena.h"
#include "core/http/headers.h"
#include "gateway/limit/limiter.h"

namespace weir::gateway {

// The response fields that state limits.
enum class LimitFields : std::uint8_t {
  kDraft,   // RateLimit, RateLimit-Policy
  kLegacy,  // X-RateLimit-*
  kBoth,
  kOff,
};

// What is left of a limit for one caller.
struct LimitStanding {
  std::uint32_t policy = 0;  // of PolicyTexts
  bool allowed = true;
  std::int64_t remaining = 0;
  // Time until one more unit is available if none remains, otherwise until all are. nullopt: not
  // known.
  std::optional<Nanoseconds> reset;
};

// The names of limits, and the texts in which clients see them
// (draft-ietf-httpapi-ratelimit-headers).
class PolicyTexts {
 public:
  PolicyTexts() = default;
  // Several rules are numbered, and the name of a plan follows. `name` consists of letters, digits,
  // '.', '_' and '-'.
  PolicyTexts(std::string_view name, std::span<const LimitSpec> rules);
  // The number of a rule's policy; `plan`: of the rule's plans, counted from 1, or 0.
  std::uint32_t policyOf(std::size_t rule, std::size_t plan) const {
    return first_[rule] + static_cast<std::uint32_t>(plan);
  }

  // Adds the fields to a response. What they refer to is in the arena of `headers` or in this
  // object.
  void addTo(http::Headers& headers, LimitFields fields,
             std::span<const LimitStanding> standings) const;
  // The body of a refusal, application/problem+json (RFC 9457).
  std::string_view problem(std::span<const LimitStanding> standings, Arena& arena) const;
  std::string_view exceeded() const { return exceeded_; }  // for logs
  std::string_view keyMissing() const { return key_missing_; }

  friend bool operator==(const PolicyTexts&, const PolicyTexts&) = default;

 private:
  struct Policy {
    std::string name;
    std::int64_t quota = 0;
    std::string text;  // in RateLimit-Policy

    friend bool operator==(const Policy&, const Policy&) = default;
  };
  void addPolicy(std::string name, const LimitSpec& rule, const UnitRate* rate);
  std::string_view listOf(std::span<const LimitStanding> standings, Arena& arena) const;
  std::string_view current(std::span<const LimitStanding> standings, std::size_t tightest,
                           Arena& arena) const;
  std::size_t roomFor(std::size_t items) const { return items * (longest_ + 64); }

  std::vector<Policy> policies_;
  std::vector<std::uint32_t> first_;  // the policy of each rule without a plan
  std::string list_;  // RateLimit-Policy; empty with plans: it depends on the caller
  std::string exceeded_;
  std::string key_missing_;
  std::size_t longest_ = 0;  // name
};

// Rounded up to whole seconds.
std::uint64_t wholeSeconds(Nanoseconds time);

}  // namespace weir::gateway
