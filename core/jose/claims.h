#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/jose/json.h"

namespace weir::jose {

// Why a token is not accepted. `detail` is static text for the log.
struct Refusal {
  enum class Kind : std::uint8_t {
    kNone,     // it is accepted
    kInvalid,  // broken, forged, or for someone else
    kExpired,  // or not yet valid
    kScope,    // a required scope is missing
    kClaim,    // a required claim is missing or different
  };
  Kind kind = Kind::kNone;
  std::string_view detail = {};

  explicit operator bool() const { return kind != Kind::kNone; }
};

// What the claims of a token must say (RFC 7519, 4.1, and RFC 8725).
struct ClaimRules {
  std::string issuer = {};
  std::vector<std::string> audiences = {};  // one of them; empty: any
  Nanoseconds clock_skew{0};
  bool require_expiry = true;
  std::optional<Nanoseconds> max_lifetime = {};  // between `iat` and `exp`, which are then required
  friend bool operator==(const ClaimRules&, const ClaimRules&) = default;
};

struct Requirements {
  std::vector<std::string> scopes_all = {};
  std::vector<std::string> scopes_any = {};
  // A name, or a JSON Pointer, and the text of the claim or of one of its elements.
  std::vector<std::pair<std::string, std::string>> claims = {};
  friend bool operator==(const Requirements&, const Requirements&) = default;
};

// The claims of a token whose signature has been verified.
class Claims {
 public:
  static Result<Claims> parse(std::string_view payload);

  Json::Value all() const { return json_.root(); }
  std::string_view text(std::string_view name) const;  // of a string; empty: none
  // The elements of `scope` (RFC 8693, 4.2) or of `scp`. Valid until the Claims are moved.
  std::vector<std::string_view> scopes() const;
  // The strings of `groups`.
  std::vector<std::string_view> groups() const;
  // The time from which the token is refused, skew included; Nanoseconds::max(): never.
  Nanoseconds refusedFrom(Nanoseconds clock_skew) const;

  // `now`: since 1970.
  Refusal check(const ClaimRules& rules, Nanoseconds now) const;
  Refusal check(const Requirements& requirements) const;

 private:
  explicit Claims(Json json) : json_(std::move(json)) {}
  Refusal checkTimes(const ClaimRules& rules, Nanoseconds now) const;

  Json json_;
};

}  // namespace weir::jose
