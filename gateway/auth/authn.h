#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"
#include "core/config/table.h"
#include "core/filter/verdict.h"
#include "core/http/message.h"

// What the filters that authenticate callers have in common.
namespace weir::gateway::authn {

// The treatment of requests without good credentials.
enum class Mode : std::uint8_t {
  kRequired,
  kOptional,  // a request without credentials passes, one with bad credentials is refused
  kShadow,    // no request is refused
};
inline constexpr std::pair<std::string_view, Mode> kModeNames[] = {
    {"required", Mode::kRequired}, {"optional", Mode::kOptional}, {"shadow", Mode::kShadow}};

enum class Method : std::uint8_t { kJwt };
enum class Result : std::uint8_t { kOk, kMissing, kInvalid, kExpired, kDenied, kAmbiguous, kError };

inline constexpr std::string_view kMethodWords[] = {"jwt"};
inline constexpr std::string_view kResultWords[] = {"ok",
                                                    "missing",
                                                    "invalid",
                                                    "expired",
                                                    "denied",
                                                    "ambiguous",
                                                    "error",
                                                    "shadow_ok",
                                                    "shadow_missing",
                                                    "shadow_invalid",
                                                    "shadow_expired",
                                                    "shadow_denied",
                                                    "shadow_ambiguous",
                                                    "shadow_error"};
inline constexpr unsigned kResults = static_cast<unsigned>(Result::kError) + 1;

inline constexpr CounterFamily kAuthnFamily{
    "weir_authn_total",
    "Requests by the result of their authentication. The results of filters in mode shadow begin "
    "with `shadow_`.",
    {{"method", KeyPart::kFirst, wordOf<kMethodWords>},
     {"result", KeyPart::kSecond, wordOf<kResultWords>}}};
constexpr CounterKey authnKey(Method method, Result result, bool shadow) {
  const unsigned before = shadow ? kResults : 0;
  return {kAuthnFamily, {}, {.first = field(method), .second = field(result) + before}};
}

void addMetrics(MetricFamilies& families);

// The challenges of a filter (RFC 6750, 3), made once.
class Challenges {
 public:
  // `parameters`: of all of them, such as `realm="a"`; `scopes`: those required, by spaces.
  Challenges(std::string_view parameters, const std::string& scopes);

  // The reply to a request that is refused. `detail` is for the log only: the client gets no hint
  // which part of its credentials is wrong.
  filter::LocalReply reply(Result result, std::string_view detail,
                           const http::Request& request) const;

 private:
  const std::string& challengeFor(Result result) const;

  std::string missing_;
  std::string invalid_;
  std::string expired_;
  std::string ambiguous_;
  std::string denied_;
};

// A value that can stand in a quoted string without escapes.
bool isQuotable(std::string_view text);

}  // namespace weir::gateway::authn
