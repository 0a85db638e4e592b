#include "gateway/auth/upstream_auth/settings.h"

#include <algorithm>
#include <array>

#include "core/base/plain_text.h"
#include "core/filter/verdict.h"
#include "core/http/syntax.h"
#include "core/route/header_rules.h"
#include "core/tls/digest.h"
#include "gateway/auth/authn.h"

namespace weir::gateway::upstream_auth {
namespace {

constexpr std::pair<std::string_view, ClientAuth> kClientAuthNames[] = {
    {"client_secret_basic", ClientAuth::kBasic}, {"client_secret_post", ClientAuth::kPost}};

// Parameters that weir sends itself.
constexpr std::array<std::string_view, 4> kOwnParameters = {"grant_type", "scope", "client_id",
                                                            "client_secret"};

std::string basicValue(const BasicCredentials& credentials) {
  const std::string pair = credentials.username + ":" + credentials.password.reveal();
  std::string value = "Basic ";
  tls::appendBase64(asBytes(pair), value);
  return value;
}

}  // namespace

void BasicCredentials::read(config::Table& table, BasicCredentials& out) {
  table.read("username", out.username, "Name of the user.", {.required = true});
  table.read("password", out.password, "Password of the user.", {.required = true});
  if (out.username.find(':') != std::string::npos || !isFieldText(out.username)) {
    table.fail("username", "cannot contain \":\" or control characters (RFC 7617)");
  }
}

void KeyCredentials::read(config::Table& table, KeyCredentials& out) {
  table.read("header", out.header, "Name of the request header with the key.");
  table.read("prefix", out.prefix,
             "Word before the key in the header, such as `Bearer`. Default: none.");
  table.read("key", out.key, "The key.", {.required = true});
  std::string why;
  if (!route::isChangeableHeader(out.header, why)) table.fail("header", why);
  if (!out.prefix.empty() && !http::isToken(out.prefix)) table.fail("prefix", "is not one word");
  const std::string& key = out.key.reveal();
  if (table.has("key") && (!isFieldText(key) || key.empty() || http::trimmed(key) != key)) {
    table.fail("key", "is not the value of a header");
  }
}

void ClientCredentials::read(config::Table& table, ClientCredentials& out) {
  table.read("token_endpoint", out.token_endpoint,
             "URL of the token endpoint of the authorization server, or an upstream and a path.",
             {.required = true});
  table.read("client_id", out.client_id, "Identifier of weir at the authorization server.",
             {.min_size = 1, .required = true});
  table.read("client_secret", out.client_secret, "Secret of the client.", {.required = true});
  table.read("auth_method", out.auth_method, kClientAuthNames,
             "Method by which the client authenticates itself: in the header `Authorization`, or "
             "by parameters "
             "in the body.");
  table.read("scopes", out.scopes, "Scopes to request. Default: those of the client.");
  table.read("parameters", out.parameters,
             "Further parameters of the token request, such as `audience` or `resource`.");
  table.read("wait", out.wait,
             "Time limit for requests that wait for a token. Beyond it, the reply is 503 with the "
             "reason `ext_auth_error`.",
             {.max = std::chrono::seconds(30)});
  readStartup(table,
              "Effect of a token that has not been fetched yet on a new configuration: it becomes "
              "effective once there is one, or after 5 s (`wait`), or at once (`lazy`).",
              out.startup);
  for (std::size_t i = 0; i < out.scopes.size(); ++i) {
    if (!authn::isScope(out.scopes[i])) table.failElement("scopes", i, "is not a scope");
  }
  for (const auto& [name, value] : out.parameters) {
    if (std::ranges::find(kOwnParameters, name) == kOwnParameters.end()) continue;
    table.fail("parameters", "weir sends the parameter " + name + " itself");
  }
}

void Settings::read(config::Table& table, Settings& out) {
  table.read("basic", out.basic, "Name and password (RFC 7617).");
  table.read("api_key", out.api_key, "Key in a header.");
  table.read("oauth2_client_credentials", out.oauth2,
             "Access tokens of an authorization server by the grant type client_credentials (RFC "
             "6749, 4.4). A token is used by all workers and renewed after four fifths of its "
             "life.");
  table.exactlyOneOf({"basic", "api_key", "oauth2_client_credentials"});
  if (out.basic) out.value = basicValue(*out.basic);
  if (!out.api_key) return;
  out.header = out.api_key->header;
  out.value = out.api_key->prefix + (out.api_key->prefix.empty() ? "" : " ");
  out.value += out.api_key->key.reveal();
}

void Settings::check(filter::References& references, config::Diagnostics& diagnostics) {
  if (oauth2) oauth2->upstream = references.target(oauth2->token_endpoint, diagnostics);
}

}  // namespace weir::gateway::upstream_auth
