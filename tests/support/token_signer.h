#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace weir::test {

// A private key that signs tokens as an issuer does.
class TokenSigner {
 public:
  // A new key for the algorithms "ES256", "ES384", "ES512", "EdDSA" or those of RSA; `bits` of RSA.
  explicit TokenSigner(std::string_view algorithm, unsigned bits = 2048);
  ~TokenSigner();
  TokenSigner(const TokenSigner&) = delete;
  TokenSigner& operator=(const TokenSigner&) = delete;

  // The public key; `members` are added, such as R"("kid":"a")".
  std::string jwk(std::string_view members = {}) const;
  // A set of this key alone.
  std::string keySet(std::string_view members = {}) const;

  // A token with the claims, JSON each. The header is completed by the algorithm.
  std::string token(std::string_view claims, std::string_view header_members = {}) const;
  // With any header, signed by the algorithm of the key.
  std::string tokenWithHeader(std::string_view header, std::string_view payload) const;
  // The signature of a text, in the form of JWS.
  std::string sign(std::string_view text) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

std::string base64Url(std::string_view bytes);
// A MAC of "HS256", "HS384" or "HS512".
std::string macOf(std::string_view algorithm, std::string_view secret, std::string_view text);

}  // namespace weir::test
