#include "core/jose/key_set.h"

#include <algorithm>
#include <array>

#include "core/base/base64url.h"

namespace weir::jose {
namespace {

// Keys that are tried for a token without `kid`.
constexpr std::size_t kMostTried = 8;

Error badJwk(std::string_view detail) { return {ErrorCode::kInvalid, Origin::kLocal, detail}; }

std::string_view memberText(Json::Value object, std::string_view name) {
  const Json::Value value = object.find(name);
  return value.isString() ? value.text() : std::string_view();
}

// The bytes of a member; empty if it is missing or malformed.
std::string decodedMember(Json::Value object, std::string_view name) {
  std::string bytes;
  if (!appendFromBase64Url(memberText(object, name), bytes)) bytes.clear();
  return bytes;
}

Result<Key> readElliptic(Json::Value object) {
  constexpr std::array<std::pair<std::string_view, Key::Kind>, 3> kCurves = {
      {{"P-256", Key::Kind::kP256}, {"P-384", Key::Kind::kP384}, {"P-521", Key::Kind::kP521}}};
  const std::string_view name = memberText(object, "crv");
  const auto* const curve =
      std::ranges::find(kCurves, name, &std::pair<std::string_view, Key::Kind>::first);
  if (curve == kCurves.end()) return badJwk("its curve is not supported");
  return Key::point(curve->second, decodedMember(object, "x"), decodedMember(object, "y"));
}

Result<Key> readKey(Json::Value object) {
  const std::string_view type = memberText(object, "kty");
  if (type == "EC") return readElliptic(object);
  if (type == "RSA") return Key::rsa(decodedMember(object, "n"), decodedMember(object, "e"));
  if (type != "OKP") return badJwk("its type is not supported");
  if (memberText(object, "crv") != "Ed25519") return badJwk("its curve is not supported");
  return Key::ed25519(decodedMember(object, "x"));
}

bool allowsVerifying(Json::Value object) {
  const Json::Value use = object.find("use");
  if (use && !(use.isString() && use.text() == "sig")) return false;
  const Json::Value operations = object.find("key_ops");
  if (!operations) return true;
  const Json::Items items = operations.items();
  return operations.isArray() && std::any_of(items.begin(), items.end(), [](Json::Value each) {
           return each.isString() && each.text() == "verify";
         });
}

}  // namespace

Result<Jwk> Jwk::read(Json::Value object) {
  if (!object.isObject()) return badJwk("it is not an object");
  if (!allowsVerifying(object)) return badJwk("it is not for signatures");
  // A private key that was published is in other hands too.
  if (object.find("d")) return badJwk("it contains a private key");
  const Json::Value id = object.find("kid");
  if (id && !id.isString()) return badJwk("its kid is not a string");
  const Json::Value algorithm = object.find("alg");
  std::optional<Algorithm> only;
  if (algorithm) only = algorithmNamed(algorithm.isString() ? algorithm.text() : "");
  if (algorithm && !only.has_value()) return badJwk("its algorithm is not supported");
  Result<Key> key = readKey(object);
  if (!key.ok()) return key.error();
  Jwk jwk{std::nullopt, only, std::move(key.value())};
  if (id) jwk.id = id.text();
  if (only.has_value() && !jwk.key.fits(*only)) return badJwk("its algorithm is for other keys");
  return jwk;
}

Result<KeySet> KeySet::parse(std::string_view text) {
  const auto json = Json::parse(text, {.bytes = kMostBytes, .members = 256});
  if (!json.ok()) return json.error();
  const Json::Value keys = json.value().root().find("keys");
  if (!keys.isArray()) return badJwk("has no list of keys");
  if (keys.size() > kMostKeys) return badJwk("has more than 100 keys");
  KeySet set;
  for (const Json::Value each : keys.items()) {
    Result<Jwk> jwk = Jwk::read(each);
    if (jwk.ok()) {
      set.keys_.push_back(std::move(jwk.value()));
    } else {
      ++set.left_out_;
      set.why_left_out_ = jwk.error().detail;
    }
  }
  if (set.keys_.empty()) return badJwk("has no key that can be used");
  return set;
}

KeySet KeySet::of(Key key) {
  KeySet set;
  set.any_id_ = true;
  set.keys_.push_back({std::nullopt, std::nullopt, std::move(key)});
  return set;
}

bool KeySet::knows(std::string_view id) const {
  return any_id_ || std::ranges::any_of(keys_, [id](const Jwk& each) { return each.id == id; });
}

KeySet::Outcome KeySet::verify(const Jws& jws) const {
  const std::optional<std::string_view> id = jws.keyId();
  const bool by_id = id.has_value() && !any_id_;
  if (by_id && !knows(*id)) return Outcome::kUnknownKey;
  std::size_t tried = 0;
  for (const Jwk& each : keys_) {
    if ((by_id && each.id != *id) || !each.fits(jws.algorithm())) continue;
    if (jws.isSignedBy(each.key)) return Outcome::kGood;
    if (++tried == kMostTried) break;
  }
  return tried == 0 ? Outcome::kUnfitting : Outcome::kForged;
}

}  // namespace weir::jose
