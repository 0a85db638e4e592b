#include <cstdint>
#include <string_view>

#include "core/base/check.h"
#include "core/jose/claims.h"
#include "core/jose/key_set.h"

namespace weir::jose {
namespace {

// The public key of RFC 7515, A.3.
constexpr std::string_view kRfcKeySet =
    R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";
constexpr std::string_view kRfcText =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q.";

const KeySet& rfcKeys() {
  static const KeySet keys = std::move(KeySet::parse(kRfcKeySet).value());
  return keys;
}

void readClaims(std::string_view payload) {
  const auto claims = Claims::parse(payload);
  if (!claims.ok()) return;
  const ClaimRules rules{.issuer = "joe", .max_lifetime = std::chrono::seconds(1)};
  (void)claims.value().check(rules, std::chrono::seconds(1'800'000'000));
  (void)claims.value().check(Requirements{.scopes_all = {"a"}, .claims = {{"/a/b", "c"}}});
  // What was written is read as the same again.
  std::string text;
  appendJson(claims.value().all(), text);
  const auto again = Json::parse(text, {.bytes = text.size()});
  WEIR_CHECK(again.ok());
  std::string second;
  appendJson(again.value().root(), second);
  WEIR_CHECK(text == second);
}

}  // namespace
}  // namespace weir::jose

// Any text is refused as a token, unless it is one of those that the key has signed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::jose;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  readClaims(text);
  const auto jws = Jws::read(text);
  if (!jws.ok()) {
    WEIR_CHECK(!jws.error().detail.empty());
    return 0;
  }
  const bool good = rfcKeys().verify(jws.value()) == KeySet::Outcome::kGood;
  WEIR_CHECK(!good || text.starts_with(kRfcText));
  const auto payload = jws.value().payload();
  if (payload.ok()) readClaims(payload.value());
  return 0;
}
