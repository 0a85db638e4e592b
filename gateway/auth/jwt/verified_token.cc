#include "gateway/auth/jwt/verified_token.h"

#include "core/base/base64url.h"
#include "core/jose/jws.h"
#include "core/tls/digest.h"

namespace weir::gateway::jwt {
namespace {

using jose::Refusal;

constexpr std::size_t kDigestBytes = 32;

// Spaces within the text remain; "%" is encoded, so that the result can be decoded.
void appendEncoded(std::string_view text, bool in_list, std::string& to) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool inner_space = c == ' ' && i > 0 && i + 1 < text.size();
    const bool visible = c > ' ' && c <= '~' && c != '%' && !(in_list && c == ',');
    if (visible || inner_space) {
      to += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    to += '%';
    to += kHex[byte >> 4U];
    to += kHex[byte & 0xFU];
  }
}

void appendClaim(jose::Json::Value value, bool in_list, std::string& to) {
  if (value.isString()) return appendEncoded(value.text(), in_list, to);
  std::string json;
  appendJson(value, json);
  appendEncoded(json, in_list, to);
}

std::string headerValue(jose::Json::Value value) {
  std::string text;
  if (!value || value.is(jose::Json::Kind::kNull)) return text;
  if (!value.isArray()) {
    appendClaim(value, false, text);
    return text;
  }
  for (const jose::Json::Value each : value.items()) {
    if (!text.empty()) text += ',';
    appendClaim(each, true, text);
  }
  return text;
}

// Proofs of possession (RFC 7800). One that weir cannot check makes the token useless.
Refusal readBinding(const jose::Claims& claims, std::string& digest) {
  const jose::Json::Value confirmation = claims.all().find("cnf");
  if (!confirmation) return {};
  const jose::Json::Value thumbprint = confirmation.find("x5t#S256");
  if (!confirmation.isObject() || (thumbprint && !thumbprint.isString()) ||
      (!thumbprint && confirmation.size() > 0)) {
    return {Refusal::Kind::kInvalid, "the token is bound to a key by an unsupported method"};
  }
  for (const jose::Json::Value each : confirmation.items()) {
    if (each.name() != "x5t#S256") {
      return {Refusal::Kind::kInvalid, "the token is bound to a key by an unsupported method"};
    }
  }
  if (!thumbprint) return {};
  if (!appendFromBase64Url(thumbprint.text(), digest) || digest.size() != kDigestBytes) {
    return {Refusal::Kind::kInvalid, "x5t#S256 of the token is not a digest"};
  }
  return {};
}

Refusal checkHeader(const jose::Jws& jws, const Settings& settings) {
  if (!settings.allowed.has(jws.algorithm())) {
    return {Refusal::Kind::kInvalid, "the algorithm of the token is not allowed"};
  }
  if (isForeignType(jws.type())) {
    return {Refusal::Kind::kInvalid, "the token is for another use"};
  }
  if (settings.type && !jose::isType(jws.type(), *settings.type)) {
    return {Refusal::Kind::kInvalid, "the token has another type"};
  }
  return {};
}

std::string_view detailOf(jose::KeySet::Outcome outcome) {
  switch (outcome) {
    case jose::KeySet::Outcome::kUnknownKey:
      return "no key has the kid of the token";
    case jose::KeySet::Outcome::kUnfitting:
      return "no key fits the algorithm of the token";
    default:
      return "the signature of the token is wrong";
  }
}

Verification refused(Refusal refusal, bool unknown_key = false) {
  return {nullptr, refusal, unknown_key};
}
Verification invalid(std::string_view detail) { return refused({Refusal::Kind::kInvalid, detail}); }

Verification accept(std::string_view text, const jose::Jws& jws, const Settings& settings,
                    Nanoseconds now) {
  const weir::Result<std::string> payload = jws.payload();
  if (!payload.ok()) return invalid(payload.error().detail);
  weir::Result<jose::Claims> claims = jose::Claims::parse(payload.value());
  if (!claims.ok()) return invalid("the claims of the token are not an acceptable JSON object");
  Refusal refusal = claims.value().check(settings.rules, now);
  std::string digest;
  if (!refusal) refusal = readBinding(claims.value(), digest);
  if (refusal) return refused(refusal);
  return {
      std::make_shared<const VerifiedToken>(text, std::move(claims.value()), settings), {}, false};
}

}  // namespace

VerifiedToken::VerifiedToken(std::string_view text, jose::Claims claims, const Settings& settings)
    : text_(text),
      claims_(std::move(claims)),
      values_(claims_.all()),
      scopes_(claims_.scopes()),
      groups_(claims_.groups()),
      requirement_(claims_.check(settings.require)),
      refused_from_(claims_.refusedFrom(settings.rules.clock_skew)) {
  headers_.reserve(settings.claim_headers.size());
  for (const auto& [header, claim] : settings.claim_headers) {
    headers_.push_back(headerValue(claims_.all().at(claim)));
  }
  std::string digest;
  readBinding(claims_, digest);
  bound_to_ = tls::hexOf(digest);
}

std::string_view VerifiedToken::encodedPayload() const {
  const std::size_t begin = text_.find('.') + 1;
  const std::string_view text = text_;
  return text.substr(begin, text.rfind('.') - begin);
}

http::Principal VerifiedToken::principal() const {
  http::Principal principal;
  principal.method = authn::kMethodWords[static_cast<std::size_t>(authn::Method::kJwt)];
  principal.subject = claims_.text("sub");
  principal.issuer = claims_.text("iss");
  principal.scopes = scopes_;
  principal.groups = groups_;
  principal.claims = &values_.map();
  const bool expires = refused_from_ != Nanoseconds::max();
  principal.expires = expires ? refused_from_ : Nanoseconds(0);
  return principal;
}

Verification verify(std::string_view text, const Settings& settings, const jose::KeySet& keys,
                    Nanoseconds now) {
  if (text.size() > settings.max_size) return invalid("the token is larger than max_size");
  const weir::Result<jose::Jws> jws = jose::Jws::read(text);
  if (!jws.ok()) return invalid(jws.error().detail);
  const Refusal refusal = checkHeader(jws.value(), settings);
  if (refusal) return refused(refusal);
  const jose::KeySet::Outcome outcome = keys.verify(jws.value());
  if (outcome == jose::KeySet::Outcome::kGood) {
    return accept(text, jws.value(), settings, now);
  }
  return refused({Refusal::Kind::kInvalid, detailOf(outcome)},
                 outcome == jose::KeySet::Outcome::kUnknownKey);
}

}  // namespace weir::gateway::jwt
