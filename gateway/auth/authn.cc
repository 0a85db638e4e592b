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

Challenges::Challenges(std::string_view parameters, const std::string& scopes)
    : missing_("Bearer " + std::string(parameters)) {
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
                                     const http::Request& request) const {
  const Answer answer = answerFor(result);
  filter::LocalReply reply{.status = answer.status, .reason = answer.reason, .detail = detail};
  reply.body = std::string_view();
  if (acceptsJson(request)) {
    reply.body = answer.body;
    reply.content_type = kProblemType;
  }
  if (result == Result::kAmbiguous) reply.grpc_status = 3;
  if (result == Result::kError) reply.grpc_status = 14;
  if (result == Result::kError) return reply;
  reply.headers.emplace(request.headers.arena());
  reply.headers->add("www-authenticate", challengeFor(result));
  return reply;
}

bool isQuotable(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

}  // namespace weir::gateway::authn
