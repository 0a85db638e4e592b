#include "core/jose/claims.h"

#include <algorithm>
#include <cmath>

namespace weir::jose {
namespace {

constexpr double kMostSeconds = 9007199254740992.0;  // 2^53
// Nanoseconds end in 2262: later times are the same as this one.
constexpr double kFarSeconds = 9'000'000'000.0;

Refusal invalid(std::string_view detail) { return {Refusal::Kind::kInvalid, detail}; }
Refusal expired(std::string_view detail) { return {Refusal::Kind::kExpired, detail}; }

bool isTime(Json::Value value) {
  return value.isNumber() && value.number() >= 0 && value.number() <= kMostSeconds;
}

// Of a valid time. Computed in two parts, because a double has no nanoseconds of today.
Nanoseconds timeOf(Json::Value value) {
  const double seconds = std::min(value.number(), kFarSeconds);
  const double whole = std::floor(seconds);
  return std::chrono::seconds(static_cast<std::int64_t>(whole)) +
         Nanoseconds(static_cast<std::int64_t>((seconds - whole) * 1e9));
}

bool hasText(Json::Value value, std::string_view text) {
  switch (value.kind()) {
    case Json::Kind::kString:
    case Json::Kind::kNumber:
      return value.text() == text;
    case Json::Kind::kBool:
      return text == (value.isTrue() ? "true" : "false");
    default:
      return false;
  }
}

// Of the value itself or of one of its elements.
bool holds(Json::Value value, std::string_view text) {
  if (!value) return false;
  if (!value.isArray()) return hasText(value, text);
  const Json::Items items = value.items();
  return std::any_of(items.begin(), items.end(),
                     [text](Json::Value each) { return hasText(each, text); });
}

// `aud` is a string or an array of strings.
Refusal checkAudience(Json::Value audience, const std::vector<std::string>& wanted) {
  if (audience && !audience.isString()) {
    const Json::Items items = audience.items();
    const bool strings =
        audience.isArray() &&
        std::all_of(items.begin(), items.end(), [](auto each) { return each.isString(); });
    if (!strings) return invalid("aud is neither a string nor an array of strings");
  }
  if (wanted.empty()) return {};
  const bool found =
      std::ranges::any_of(wanted, [&](const auto& each) { return holds(audience, each); });
  return found ? Refusal{}
               : invalid(audience ? "the token is for another audience" : "aud is missing");
}

Refusal checkIssuer(Json::Value issuer, std::string_view wanted) {
  if (!issuer.isString()) return invalid("iss is missing or not a string");
  const std::string_view text = issuer.text();
  if (text == wanted) return {};
  // A frequent mistake of configurations.
  const bool near =
      text.size() + 1 == wanted.size()
          ? wanted.ends_with('/') && wanted.starts_with(text)
          : text.size() == wanted.size() + 1 && text.ends_with('/') && text.starts_with(wanted);
  return invalid(near ? "iss differs from the configured issuer by a slash at its end"
                      : "the token is from another issuer");
}

// Of valid times, each of which may be missing.
Refusal checkLifetime(Json::Value expiry, Json::Value issued, const ClaimRules& rules) {
  const bool limited = rules.max_lifetime.has_value();
  if (!expiry && (rules.require_expiry || limited)) return invalid("exp is missing");
  if (!limited) return {};
  if (!issued) return invalid("iat is missing");
  if (timeOf(expiry) - timeOf(issued) <= *rules.max_lifetime) return {};
  return invalid("the token is valid for longer than max_lifetime");
}

void appendWords(std::string_view text, std::vector<std::string_view>& to) {
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (!word.empty()) to.push_back(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
}

std::vector<std::string_view> stringsOf(Json::Value array) {
  std::vector<std::string_view> strings;
  for (const Json::Value each : array.items()) {
    if (array.isArray() && each.isString()) strings.push_back(each.text());
  }
  return strings;
}

}  // namespace

Result<Claims> Claims::parse(std::string_view payload) {
  Result<Json> json = Json::parse(payload, {.bytes = payload.size()});
  if (!json.ok()) return json.error();
  if (!json.value().root().isObject()) {
    return Error{ErrorCode::kInvalid, Origin::kDownstream, "is not an object"};
  }
  return Claims(std::move(json.value()));
}

std::string_view Claims::text(std::string_view name) const {
  const Json::Value value = all().find(name);
  return value.isString() ? value.text() : std::string_view();
}

std::vector<std::string_view> Claims::scopes() const {
  Json::Value scope = all().find("scope");
  if (!scope) scope = all().find("scp");
  if (scope.isArray()) return stringsOf(scope);
  std::vector<std::string_view> words;
  if (scope.isString()) appendWords(scope.text(), words);
  return words;
}

std::vector<std::string_view> Claims::groups() const { return stringsOf(all().find("groups")); }

Nanoseconds Claims::refusedFrom(Nanoseconds clock_skew) const {
  const Json::Value expiry = all().find("exp");
  return expiry ? timeOf(expiry) + clock_skew : Nanoseconds::max();
}

Refusal Claims::check(const ClaimRules& rules, Nanoseconds now) const {
  Refusal refusal = checkIssuer(all().find("iss"), rules.issuer);
  if (!refusal) refusal = checkAudience(all().find("aud"), rules.audiences);
  if (!refusal) refusal = checkTimes(rules, now);
  const Json::Value subject = all().find("sub");
  if (!refusal && subject && !subject.isString()) return invalid("sub is not a string");
  return refusal;
}

Refusal Claims::checkTimes(const ClaimRules& rules, Nanoseconds now) const {
  const Json::Value expiry = all().find("exp");
  const Json::Value start = all().find("nbf");
  const Json::Value issued = all().find("iat");
  for (const Json::Value each : {expiry, start, issued}) {
    if (each && !isTime(each)) return invalid("exp, nbf or iat is not a time");
  }
  const Refusal refusal = checkLifetime(expiry, issued, rules);
  if (refusal) return refusal;
  if (now >= refusedFrom(rules.clock_skew)) return expired("the token has expired");
  const Nanoseconds latest = now + rules.clock_skew;
  if (start && timeOf(start) > latest) return expired("the token is not valid yet");
  if (issued && timeOf(issued) > latest) return expired("the token was issued in the future");
  return {};
}

Refusal Claims::check(const Requirements& requirements) const {
  const std::vector<std::string_view> granted = scopes();
  const auto has = [&granted](const std::string& scope) {
    return std::ranges::find(granted, scope) != granted.end();
  };
  const bool any =
      requirements.scopes_any.empty() || std::ranges::any_of(requirements.scopes_any, has);
  if (!any || !std::ranges::all_of(requirements.scopes_all, has)) {
    return {Refusal::Kind::kScope, "a required scope is missing"};
  }
  for (const auto& [name, text] : requirements.claims) {
    if (!holds(all().at(name), text)) {
      return {Refusal::Kind::kClaim, "a required claim is missing or different"};
    }
  }
  return {};
}

}  // namespace weir::jose
