#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/metric.h"
#include "core/base/metric_cells.h"
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
// Declares the settings `mode` and `realm`, which all filters that authenticate have.
void readMode(config::Table& table, Mode& enforcement);
void readRealm(config::Table& table, std::string& realm);

enum class Method : std::uint8_t { kJwt, kApiKey, kBasic, kMtls, kAnyOf };
enum class Result : std::uint8_t {
  kOk,
  kMissing,
  kInvalid,
  kExpired,
  kDenied,
  kAmbiguous,
  kError,
  kThrottled
};

inline constexpr std::string_view kMethodWords[] = {"jwt", "api_key", "basic", "mtls", "any_of"};
inline constexpr std::string_view kResultWords[] = {"ok",
                                                    "missing",
                                                    "invalid",
                                                    "expired",
                                                    "denied",
                                                    "ambiguous",
                                                    "error",
                                                    "throttled",
                                                    "shadow_ok",
                                                    "shadow_missing",
                                                    "shadow_invalid",
                                                    "shadow_expired",
                                                    "shadow_denied",
                                                    "shadow_ambiguous",
                                                    "shadow_error",
                                                    "shadow_throttled"};
inline constexpr unsigned kResults = static_cast<unsigned>(Result::kThrottled) + 1;

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

// The challenges of a filter, made once.
class Challenges {
 public:
  // With error codes (RFC 6750, 3). `start`: of all of them, such as `Bearer realm="a"`; `scopes`:
  // those required, by spaces.
  Challenges(std::string_view start, const std::string& scopes);
  // The same challenge in all cases.
  explicit Challenges(std::string_view challenge);

  const std::string& missing() const { return missing_; }

  // The reply to a request that is refused. `detail` is for the log only: the client gets no hint
  // which part of its credentials is wrong. `retry_after`: seconds, for results that may be
  // different then.
  filter::LocalReply reply(Result result, std::string_view detail, const http::Request& request,
                           std::string_view retry_after = "1") const;

 private:
  const std::string& challengeFor(Result result) const;

  std::string missing_;
  std::string invalid_;
  std::string expired_;
  std::string ambiguous_;
  std::string denied_;
};

// The body of a reply: RFC 9457 if the client accepts JSON, otherwise none. `problem` is JSON.
void setProblem(filter::LocalReply& reply, std::string_view problem, const http::Request& request);

// Counts the results of a filter on one worker, and refuses requests.
class Judge {
 public:
  Judge(Method method, Mode enforcement, Challenges challenges, MetricCells& metrics);

  const Challenges& challenges() const { return challenges_; }
  void accept() { accepted_.add(); }
  // A refusal, or in some modes the permission to proceed without a principal.
  filter::Verdict refuse(Result result, std::string_view detail, const http::Request& request,
                         std::string_view retry_after = "1");

 private:
  const Method method_;
  const Mode enforcement_;
  const Challenges challenges_;
  MetricCells& metrics_;
  const Counter accepted_;
};

// A value that can stand in a quoted string without escapes.
bool isQuotable(std::string_view text);
// A scope (RFC 6749, 3.3).
bool isScope(std::string_view text);

// Scopes that credentials must grant.
struct RequiredScopes {
  std::vector<std::string> all;
  std::vector<std::string> any;

  static void read(config::Table& table, RequiredScopes& out);
  bool operator==(const RequiredScopes&) const = default;
  std::string text() const;  // those that a client should ask for, by spaces
  bool hold(std::span<const std::string_view> scopes) const;
};

}  // namespace weir::gateway::authn
