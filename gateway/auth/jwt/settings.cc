#include "gateway/auth/jwt/settings.h"

#include <algorithm>

#include "core/config/file_text.h"
#include "core/http/syntax.h"

namespace weir::gateway::jwt {
namespace {

constexpr std::pair<std::string_view, jose::Algorithm> kAlgorithmWords[] = {
    {"ES256", jose::Algorithm::kEs256}, {"ES384", jose::Algorithm::kEs384},
    {"ES512", jose::Algorithm::kEs512}, {"EdDSA", jose::Algorithm::kEdDsa},
    {"RS256", jose::Algorithm::kRs256}, {"RS384", jose::Algorithm::kRs384},
    {"RS512", jose::Algorithm::kRs512}, {"PS256", jose::Algorithm::kPs256},
    {"PS384", jose::Algorithm::kPs384}, {"PS512", jose::Algorithm::kPs512},
    {"HS256", jose::Algorithm::kHs256}, {"HS384", jose::Algorithm::kHs384},
    {"HS512", jose::Algorithm::kHs512}};

constexpr std::string_view kForeignTypes[] = {"dpop+jwt", "logout+jwt", "secevent+jwt", "wit+jwt"};

void parseFixed(config::Table& table, std::string_view key, FixedKeys& fixed) {
  auto keys = jose::KeySet::parse(fixed.text);
  if (!keys.ok()) return table.fail(key, "the key set " + std::string(keys.error().detail));
  if (keys.value().leftOut() > 0) {
    table.warn(key, "keys of the set are not used; the last one, because " +
                        std::string(keys.value().whyLeftOut()));
  }
  fixed.keys = std::make_shared<jose::KeySet>(std::move(keys.value()));
}

void readFixed(config::Table& table, KeySource& out) {
  if (!table.clean()) return;
  if (table.has("inline")) {
    out.fixed.text = out.inline_keys;
    parseFixed(table, "inline", out.fixed);
  } else if (table.has("file")) {
    config::FileText file = config::readFileText(out.file.path);
    if (!file.error.empty()) return table.fail("file", file.error);
    out.fixed.text = std::move(file.text);
    parseFixed(table, "file", out.fixed);
  }
}

}  // namespace

void Requirements::read(config::Table& table, Requirements& out) {
  table.read("scopes_all", out.scopes_all, "Scopes that the token must all have.");
  table.read("scopes_any", out.scopes_any, "Scopes of which the token must have one.");
  table.read("claims", out.claims,
             "Claims and their texts. A claim that is a list must contain the text. A name that "
             "begins with `/` is a JSON Pointer, such as `/realm_access/roles`.");
  if (!std::ranges::all_of(out.scopes_all, authn::isScope)) {
    table.fail("scopes_all", "is not a list of scopes");
  }
  if (!std::ranges::all_of(out.scopes_any, authn::isScope)) {
    table.fail("scopes_any", "is not a list of scopes");
  }
}

void KeySource::read(config::Table& table, KeySource& out) {
  table.read("url", out.url, "URL of the key set (JWKS), or an upstream and a path.");
  table.read("file", out.file, "File with the key set.");
  table.read("inline", out.inline_keys, "The key set itself, as JSON.");
  table.read("discover", out.discover,
             "Whether the URL of the key set is found by OpenID Connect Discovery or RFC 8414. The "
             "key set must have the same host as the issuer.");
  table.exactlyOneOf({"url", "file", "inline", "discover"});
  if (table.has("discover") && !out.discover) table.fail("discover", "can only be true");
  readFixed(table, out);
}

namespace {

void readToken(config::Table& table, Settings& out) {
  table.read(
      "issuer", out.rules.issuer,
      "Issuer of the tokens, exactly as in their claim `iss`, with or without a slash at the "
      "end.",
      {.min_size = 1, .required = true});
  table.read("audiences", out.audiences,
             "Accepted audiences. The claim `aud` must contain one of them.",
             {.min_size = 1, .required = true, .none = "any"});
  table.read("algorithms", out.algorithms, kAlgorithmWords,
             "Accepted signature algorithms. Default: all with public keys, or with `secret` those "
             "with secrets.");
  table.read("from", out.from,
             "Places of the token in requests. A request with several tokens is refused.",
             {.min_size = 1});
  table.read("clock_skew", out.clock_skew, "Tolerated difference between clocks.",
             {.max = std::chrono::minutes(10)});
  table.read("require_expiry", out.rules.require_expiry, "Whether tokens must have an `exp`.");
  table.read("max_lifetime", out.max_lifetime,
             "Longest time between `iat` and `exp`, which are then required. Default: no limit.",
             {.min = std::chrono::seconds(1)});
  table.readBytes("max_size", out.max_size, "Maximum size of a token.",
                  {.min = 128, .max = config::Size{64 * 1024}});
  table.read(
      "typ", out.type,
      "Type that the header of a token must have, such as `at+jwt`. Default: any but those of "
      "other uses (`dpop+jwt`, `logout+jwt`, `secevent+jwt`, `wit+jwt`).",
      {.min_size = 1});
}

void readResults(config::Table& table, Settings& out) {
  config::Table& t = table;
  t.read("claim_headers", out.claim_headers,
         "Request headers for the upstream, and the claim of each: a name or a JSON Pointer. The "
         "client's own headers of these names are removed. Elements of lists are separated by "
         "commas, objects are JSON, and bytes that are not printable ASCII are percent-encoded.");
  t.read("payload_header", out.payload_header,
         "Request header for the upstream with all claims, in base64url. Default: none.",
         {.min_size = 1});
  t.read("forward", out.forward, "Whether the upstream receives the token.");
  authn::readMode(t, out.enforcement);
  authn::readRealm(t, out.realm);
  t.read("resource_metadata", out.resource_metadata,
         "URL of the metadata of the protected resource (RFC 9728) for challenges. Default: none.");
}

void checkKeys(config::Table& table, Settings& out) {
  table.exactlyOneOf({"jwks", "secret"});
  out.allowed =
      out.secret.empty() ? jose::AlgorithmSet::asymmetric() : jose::AlgorithmSet::symmetric();
  for (std::size_t i = 0; i < out.algorithms.size(); ++i) {
    if (!out.allowed.has(out.algorithms[i])) {
      table.failElement("algorithms", i,
                        out.secret.empty() ? "needs a secret" : "does not go with a secret");
    }
  }
  if (!out.algorithms.empty()) {
    out.allowed = jose::AlgorithmSet();
    for (const jose::Algorithm each : out.algorithms) out.allowed.add(each);
  }
  if (out.jwks) out.fixed = out.jwks->fixed;
  if (out.secret.empty()) return;
  auto key = jose::Key::secret(out.secret.reveal());
  if (!key.ok()) return table.fail("secret", "is too short: at least 32 bytes are needed");
  out.fixed.keys = std::make_shared<jose::KeySet>(jose::KeySet::of(std::move(key.value())));
}

void checkDiscovery(config::Table& table, Settings& out) {
  if (!out.jwks || !out.jwks->discover) return;
  out.discovery.url = out.rules.issuer;
  const auto url = http::Url::parse(out.rules.issuer);
  if (!url || url->target.find('?') != std::string::npos) {
    table.fail("issuer", "is not a URL, so that its keys cannot be discovered");
  }
}

void checkNames(config::Table& table, const Settings& out) {
  for (const auto& [header, claim] : out.claim_headers) {
    if (http::isToken(header) && http::headerId(header) == http::HeaderId::kOther) continue;
    table.fail("claim_headers", "the header " + header + " cannot be set");
  }
  if (out.payload_header && (!http::isToken(*out.payload_header) ||
                             http::headerId(*out.payload_header) != http::HeaderId::kOther)) {
    table.fail("payload_header", "this header cannot be set");
  }
  for (const std::string_view foreign : kForeignTypes) {
    if (out.type && jose::isType(*out.type, foreign)) {
      table.fail("typ", "is the type of tokens for other uses");
    }
  }
  if (out.resource_metadata && !authn::isQuotable(*out.resource_metadata)) {
    table.fail("resource_metadata", "is not a URL");
  }
}

}  // namespace

void Settings::read(config::Table& table, Settings& out) {
  readToken(table, out);
  table.read("jwks", out.jwks, "Public keys of the issuer (JWKS).");
  readStartup(table,
              "Effect of keys that have not been fetched yet on a new configuration: it becomes "
              "effective once they have, or after 5 s (`wait`), or at once (`lazy`). Requests wait "
              "at most 0.5 s for the first response of the issuer; without keys they get 503.",
              out.startup);
  table.read(
      "secret", out.secret,
      "Secret shared with the issuer, at least as long as the hash of the algorithm, instead "
      "of public keys.");
  table.read(
      "require", out.require,
      "Scopes and claims that the token must grant; otherwise the reply is 403 with the reason "
      "`authz_denied`.");
  readResults(table, out);
  out.rules.clock_skew = out.clock_skew;
  out.rules.max_lifetime = out.max_lifetime;
  out.rules.audiences = out.audiences.value_or(std::vector<std::string>());
  checkKeys(table, out);
  checkDiscovery(table, out);
  checkNames(table, out);
  table.locate(out.origin, "jwks");
}

void Settings::check(filter::References& references, config::Diagnostics& diagnostics) {
  issuer_id = references.name(rules.issuer);
  if (!jwks || !fetchesKeys()) return;
  http::Target& target = jwks->url ? *jwks->url : discovery;
  target.origin = jwks->url ? target.origin : origin;
  upstream = references.target(target, diagnostics);
}

bool isForeignType(std::string_view type) {
  return std::ranges::any_of(
      kForeignTypes, [type](std::string_view foreign) { return jose::isType(type, foreign); });
}

}  // namespace weir::gateway::jwt
