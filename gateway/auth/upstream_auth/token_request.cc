#include "gateway/auth/upstream_auth/token_request.h"

#include <algorithm>
#include <string_view>

#include "core/base/lower_case.h"
#include "core/base/number.h"
#include "core/base/plain_text.h"
#include "core/http/escapes.h"
#include "core/jose/json.h"
#include "core/tls/digest.h"

namespace weir::gateway::upstream_auth {
namespace {

constexpr double kMostSeconds = 1e9;

// The codes of RFC 6749, 5.2, as details of a failure.
constexpr std::pair<std::string_view, std::string_view> kRefusals[] = {
    {"invalid_request", "the token endpoint refuses: invalid_request"},
    {"invalid_client", "the token endpoint refuses: invalid_client"},
    {"invalid_grant", "the token endpoint refuses: invalid_grant"},
    {"unauthorized_client", "the token endpoint refuses: unauthorized_client"},
    {"unsupported_grant_type", "the token endpoint refuses: unsupported_grant_type"},
    {"invalid_scope", "the token endpoint refuses: invalid_scope"},
};

Error failure(std::string_view detail) {
  return {ErrorCode::kInvalid, weir::Origin::kUpstream, detail};
}

// application/x-www-form-urlencoded
std::string formText(std::string_view text) {
  std::string encoded;
  http::appendEscaped(text, encoded);
  return encoded;
}

void appendParameter(std::string_view name, std::string_view value, std::string& to) {
  if (!to.empty()) to += '&';
  http::appendEscaped(name, to);
  to += '=';
  http::appendEscaped(value, to);
}

Error refusalOf(const http::Reply& reply) {
  const auto json = jose::Json::parse(reply.body, {.bytes = kMostTokenReply});
  const jose::Json::Value code =
      json.ok() ? json.value().root().find("error") : jose::Json::Value();
  for (const auto& [name, detail] : kRefusals) {
    if (code.isString() && code.text() == name) return failure(detail);
  }
  return failure("the status of the token endpoint is not 200");
}

// Some servers write the number as a string.
std::optional<double> secondsOf(jose::Json::Value value) {
  if (value.isNumber()) return value.number();
  const auto whole = parseNumber<std::uint32_t>(value.text());
  if (!whole) return std::nullopt;
  return static_cast<double>(*whole);
}

weir::Result<std::optional<Milliseconds>> lifeOf(jose::Json::Value value) {
  if (!value || value.is(jose::Json::Kind::kNull)) return std::optional<Milliseconds>();
  const bool readable = value.isNumber() || value.isString();
  const auto seconds = readable ? secondsOf(value) : std::nullopt;
  if (!seconds || *seconds <= 0) return failure("expires_in is not a positive number");
  const double limited = std::min(*seconds, kMostSeconds);
  return std::optional(Milliseconds(static_cast<std::int64_t>(limited * 1000)));
}

}  // namespace

TokenRequest tokenRequest(const ClientCredentials& settings) {
  TokenRequest request;
  appendParameter("grant_type", "client_credentials", request.body);
  std::string scopes;
  for (const std::string& each : settings.scopes) scopes += (scopes.empty() ? "" : " ") + each;
  if (!scopes.empty()) appendParameter("scope", scopes, request.body);
  for (const auto& [name, value] : settings.parameters) appendParameter(name, value, request.body);
  const std::string& secret = settings.client_secret.reveal();
  if (settings.auth_method == ClientAuth::kPost) {
    appendParameter("client_id", settings.client_id, request.body);
    appendParameter("client_secret", secret, request.body);
    return request;
  }
  const std::string pair = formText(settings.client_id) + ":" + formText(secret);
  request.authorization = "Basic ";
  tls::appendBase64(asBytes(pair), request.authorization);
  return request;
}

weir::Result<IssuedToken> readTokenReply(const http::Reply& reply) {
  if (reply.status != 200) return refusalOf(reply);
  const auto json = jose::Json::parse(reply.body, {.bytes = kMostTokenReply});
  if (!json.ok()) return failure("the response of the token endpoint is not acceptable JSON");
  const jose::Json::Value root = json.value().root();
  const jose::Json::Value token = root.find("access_token");
  if (!token.isString() || !isVisibleAscii(token.text()) || token.text().size() > kMostToken) {
    return failure("the response of the token endpoint has no valid access_token");
  }
  const jose::Json::Value type = root.find("token_type");
  if (!type.isString() || lowerCase(type.text()) != "bearer") {
    return failure("the token is not a bearer token");
  }
  WEIR_TRY(const std::optional<Milliseconds> life, lifeOf(root.find("expires_in")));
  return IssuedToken{std::string(token.text()), life};
}

}  // namespace weir::gateway::upstream_auth
