#include "tests/support/token_signer.h"

#include <array>
#include <cstdint>
#include <openssl/base.h>
#include <openssl/bn.h>
#include <openssl/curve25519.h>
#include <openssl/digest.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include <vector>

#include "core/base/base64url.h"
#include "core/base/check.h"

namespace weir::test {
namespace {

const std::uint8_t* bytesOf(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}
std::uint8_t* bytesOf(std::string& text) { return reinterpret_cast<std::uint8_t*>(text.data()); }

const EVP_MD* hashFor(std::string_view algorithm) {
  if (algorithm.ends_with("384")) return EVP_sha384();
  return algorithm.ends_with("512") ? EVP_sha512() : EVP_sha256();
}

std::string digestOf(const EVP_MD* hash, std::string_view text) {
  std::string digest(EVP_MD_size(hash), '\0');
  EVP_Digest(text.data(), text.size(), bytesOf(digest), nullptr, hash, nullptr);
  return digest;
}

std::string paddedTo(std::size_t size, const BIGNUM* number) {
  std::string bytes(size, '\0');
  WEIR_CHECK(BN_bn2bin_padded(bytesOf(bytes), size, number) == 1);
  return bytes;
}

}  // namespace

struct TokenSigner::Parts {
  std::string algorithm;
  bssl::UniquePtr<RSA> rsa;
  bssl::UniquePtr<EC_KEY> point;
  std::string edwards;  // the private key of 64 bytes

  std::size_t coordinateBytes() const {
    return (EC_GROUP_get_degree(EC_KEY_get0_group(point.get())) + 7) / 8;
  }
  void makePoint();
  void makeRsa(unsigned bits);
  std::string pointJwk() const;
  std::string rsaJwk() const;
  std::string signWithPoint(const std::string& digest) const;
  std::string signWithRsa(const std::string& digest) const;
};

void TokenSigner::Parts::makePoint() {
  const int curve = algorithm == "ES256"   ? NID_X9_62_prime256v1
                    : algorithm == "ES384" ? NID_secp384r1
                                           : NID_secp521r1;
  point.reset(EC_KEY_new_by_curve_name(curve));
  WEIR_CHECK(EC_KEY_generate_key(point.get()) == 1);
}

void TokenSigner::Parts::makeRsa(unsigned bits) {
  const bssl::UniquePtr<BIGNUM> exponent(BN_new());
  BN_set_word(exponent.get(), RSA_F4);
  rsa.reset(RSA_new());
  const auto size = static_cast<int>(bits);
  WEIR_CHECK(RSA_generate_key_ex(rsa.get(), size, exponent.get(), nullptr) == 1);
}

std::string TokenSigner::Parts::pointJwk() const {
  const bssl::UniquePtr<BIGNUM> x(BN_new());
  const bssl::UniquePtr<BIGNUM> y(BN_new());
  EC_POINT_get_affine_coordinates_GFp(EC_KEY_get0_group(point.get()),
                                      EC_KEY_get0_public_key(point.get()), x.get(), y.get(),
                                      nullptr);
  const std::size_t size = coordinateBytes();
  const std::string curve = size == 32 ? "P-256" : size == 48 ? "P-384" : "P-521";
  return R"("kty":"EC","crv":")" + curve + R"(","x":")" + base64Url(paddedTo(size, x.get())) +
         R"(","y":")" + base64Url(paddedTo(size, y.get())) + '"';
}

std::string TokenSigner::Parts::rsaJwk() const {
  const BIGNUM* const n = RSA_get0_n(rsa.get());
  const BIGNUM* const e = RSA_get0_e(rsa.get());
  return R"("kty":"RSA","n":")" + base64Url(paddedTo(BN_num_bytes(n), n)) + R"(","e":")" +
         base64Url(paddedTo(BN_num_bytes(e), e)) + '"';
}

std::string TokenSigner::Parts::signWithPoint(const std::string& digest) const {
  const bssl::UniquePtr<ECDSA_SIG> pair(
      ECDSA_do_sign(bytesOf(std::string_view(digest)), digest.size(), point.get()));
  const std::size_t size = coordinateBytes();
  return paddedTo(size, ECDSA_SIG_get0_r(pair.get())) +
         paddedTo(size, ECDSA_SIG_get0_s(pair.get()));
}

std::string TokenSigner::Parts::signWithRsa(const std::string& digest) const {
  const EVP_MD* const hash = hashFor(algorithm);
  std::string signature(RSA_size(rsa.get()), '\0');
  const std::uint8_t* const in = bytesOf(std::string_view(digest));
  if (algorithm.starts_with("PS")) {
    std::size_t size = 0;
    WEIR_CHECK(RSA_sign_pss_mgf1(rsa.get(), &size, bytesOf(signature), signature.size(), in,
                                 digest.size(), hash, hash, static_cast<int>(digest.size())) == 1);
    return signature;
  }
  unsigned size = 0;
  WEIR_CHECK(RSA_sign(EVP_MD_type(hash), in, digest.size(), bytesOf(signature), &size, rsa.get()) ==
             1);
  return signature;
}

TokenSigner::TokenSigner(std::string_view algorithm, unsigned bits)
    : parts_(std::make_unique<Parts>()) {
  parts_->algorithm = algorithm;
  if (algorithm.starts_with("ES")) {
    parts_->makePoint();
  } else if (algorithm == "EdDSA") {
    std::array<std::uint8_t, ED25519_PUBLIC_KEY_LEN> ignored{};
    parts_->edwards.resize(ED25519_PRIVATE_KEY_LEN);
    ED25519_keypair(ignored.data(), bytesOf(parts_->edwards));
  } else {
    parts_->makeRsa(bits);
  }
}

TokenSigner::~TokenSigner() = default;

std::string TokenSigner::jwk(std::string_view members) const {
  std::string text = "{";
  if (parts_->point != nullptr) {
    text += parts_->pointJwk();
  } else if (parts_->rsa != nullptr) {
    text += parts_->rsaJwk();
  } else {
    text += R"("kty":"OKP","crv":"Ed25519","x":")" + base64Url(parts_->edwards.substr(32)) + '"';
  }
  if (!members.empty()) text.append(",").append(members);
  return text + "}";
}

std::string TokenSigner::keySet(std::string_view members) const {
  return R"({"keys":[)" + jwk(members) + "]}";
}

std::string TokenSigner::token(std::string_view claims, std::string_view header_members) const {
  std::string header = R"({"alg":")" + parts_->algorithm + '"';
  if (!header_members.empty()) header.append(",").append(header_members);
  return tokenWithHeader(header + "}", claims);
}

std::string TokenSigner::tokenWithHeader(std::string_view header, std::string_view payload) const {
  const std::string text = base64Url(header) + "." + base64Url(payload);
  return text + "." + base64Url(sign(text));
}

std::string TokenSigner::sign(std::string_view text) const {
  if (!parts_->edwards.empty()) {
    std::string signature(ED25519_SIGNATURE_LEN, '\0');
    ED25519_sign(bytesOf(signature), bytesOf(text), text.size(),
                 bytesOf(std::string_view(parts_->edwards)));
    return signature;
  }
  const std::string digest = digestOf(hashFor(parts_->algorithm), text);
  return parts_->point != nullptr ? parts_->signWithPoint(digest) : parts_->signWithRsa(digest);
}

std::string base64Url(std::string_view bytes) {
  std::string text;
  appendBase64Url(asBytes(bytes), text);
  return text;
}

std::string macOf(std::string_view algorithm, std::string_view secret, std::string_view text) {
  std::string mac(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  HMAC(hashFor(algorithm), secret.data(), secret.size(), bytesOf(text), text.size(), bytesOf(mac),
       &size);
  mac.resize(size);
  return mac;
}

}  // namespace weir::test
