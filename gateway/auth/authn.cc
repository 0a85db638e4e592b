#include "gateway/auth/authn.h"

#include <algorithm>

namespace weir::gateway::authn {
namespace {

constexpr std::string_view kProblemType = "application/problem+json";

struct Answer {
  int status;
  Reason reason;
  std::string_view body;  // RFC 9457
};

constexpr std::string_view kUnauthorized =
    "{\"type\":\"about:blank\",\"title\":\"Unauthorized\",\"status\":401}\n";

Answer answerFor(Result result) {
  switch (result) {
    case Result::kMissing:
      return {401, Reason::kAuthnMissing, kUnauthorized};
    case Result::kExpired:
      return {401, Reason::kAuthnExpired, kUnauthorized};
    case Result::kDenied:
      return {403, Reason::kAuthzDenied,
              "{\"type\":\"about:blank\",\"title\":\"Forbidden\",\"status\":403}\n"};
    case Result::kAmbiguous:
      return {400, Reason::kBadRequest,
              "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400}\n"};
    case Result::kError:
      return {503, Reason::kExtAuthError,
              "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503}\n"};
    case Result::kThrottled:
      return {429, Reason::kRateLimited,
              "{\"type\":\"about:blank\",\"title\":\"Too Many Requests\",\"status\":429}\n"};
    default:
      return {401, Reason::kAuthnInvalid, kUnauthorized};
  }
}

// Whether the client would rather have a JSON body than none.
bool acceptsJson(const http::Request& request) {
  const auto accept = request.headers.get(http::HeaderId::kAccept);
  return !accept || accept->find("json") != std::string_view::npos ||
         accept->find("*/*") != std::string_view::npos;
}

}  // namespace

void addMetrics(MetricFamilies& families) { families.add({&kAuthnFamily}); }

void readMode(config::Table& table, Mode& enforcement) {
  table.read("mode", enforcement, kModeNames,
             "Treatment of requests without good credentials: `required` refuses the request, "
             "`optional` refuses it only if it has credentials, `shadow` only counts.");
}

void readRealm(config::Table& table, std::string& realm) {
  table.read("realm", realm, "Realm in challenges (`WWW-Authenticate`).");
  if (!isQuotable(realm)) table.fail("realm", "is not plain text");
}

Challenges::Challenges(std::string_view challenge)
    : missing_(challenge),
      invalid_(challenge),
      expired_(challenge),
      ambiguous_(challenge),
      denied_(challenge) {}

Challenges::Challenges(std::string_view start, const std::string& scopes) : missing_(start) {
  const auto with = [this](std::string_view more) { return missing_ + ", " + std::string(more); };
  invalid_ = with(R"(error="invalid_token", error_description="The token is not valid.")");
  expired_ = with(R"(error="invalid_token", error_description="The token has expired.")");
  ambiguous_ = with(R"(error="invalid_request")");
  denied_ = with(R"(error="insufficient_scope")");
  if (!scopes.empty()) denied_ += ", scope=\"" + scopes + '"';
}

const std::string& Challenges::challengeFor(Result result) const {
  switch (result) {
    case Result::kMissing:
      return missing_;
    case Result::kExpired:
      return expired_;
    case Result::kAmbiguous:
      return ambiguous_;
    case Result::kDenied:
      return denied_;
    default:
      return invalid_;
  }
}

filter::LocalReply Challenges::reply(Result result, std::string_view detail,
                                     const http::Request& request,
                                     std::string_view retry_after) const {
  const Answer answer = answerFor(result);
  filter::LocalReply reply{.status = answer.status, .reason = answer.reason, .detail = detail};
  setProblem(reply, answer.body, request);
  if (result == Result::kAmbiguous) reply.grpc_status = 3;
  if (result == Result::kError) reply.grpc_status = 14;
  if (result == Result::kThrottled) reply.grpc_status = 8;
  reply.headers.emplace(request.headers.arena());
  if (result == Result::kError || result == Result::kThrottled) {
    reply.headers->add(http::HeaderId::kRetryAfter, retry_after);
  } else {
    reply.headers->add("www-authenticate", challengeFor(result));
  }
  return reply;
}

void setProblem(filter::LocalReply& reply, std::string_view problem, const http::Request& request) {
  reply.body = std::string_view();
  if (!acceptsJson(request)) return;
  reply.body = problem;
  reply.content_type = kProblemType;
}

Judge::Judge(Method method, Mode enforcement, Challenges challenges, MetricCells& metrics)
    : method_(method),
      enforcement_(enforcement),
      challenges_(std::move(challenges)),
      metrics_(metrics),
      accepted_(metrics.counter(authnKey(method, Result::kOk, enforcement == Mode::kShadow))) {}

filter::Verdict Judge::refuse(Result result, std::string_view detail, const http::Request& request,
                              std::string_view retry_after) {
  const bool shadow = enforcement_ == Mode::kShadow;
  metrics_.counter(authnKey(method_, result, shadow)).add();
  const bool optional = enforcement_ == Mode::kOptional && result == Result::kMissing;
  if (optional || shadow) return filter::Verdict::proceed();
  return filter::Verdict::reply(challenges_.reply(result, detail, request, retry_after));
}

bool isScope(std::string_view text) {
  return !text.empty() && isQuotable(text) && text.find(' ') == std::string_view::npos;
}

void RequiredScopes::read(config::Table& table, RequiredScopes& out) {
  table.read("scopes_all", out.all, "Scopes that the caller must all have.");
  table.read("scopes_any", out.any, "Scopes of which the caller must have one.");
  if (!std::ranges::all_of(out.all, isScope)) table.fail("scopes_all", "is not a list of scopes");
  if (!std::ranges::all_of(out.any, isScope)) table.fail("scopes_any", "is not a list of scopes");
}

std::string RequiredScopes::text() const {
  std::string text;
  for (const auto* list : {&all, &any}) {
    for (const std::string& scope : *list) text += (text.empty() ? "" : " ") + scope;
  }
  return text;
}

bool RequiredScopes::hold(std::span<const std::string_view> scopes) const {
  const auto has = [scopes](std::string_view scope) {
    return std::ranges::find(scopes, scope) != scopes.end();
  };
  return std::ranges::all_of(all, has) && (any.empty() || std::ranges::any_of(any, has));
}

bool isQuotable(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

}  // namespace weir::gateway::authn
