#include "core/jose/key.h"

#include <array>
#include <openssl/base.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/curve25519.h>
#include <openssl/digest.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include <string>
#include <utility>

namespace weir::jose {

struct Key::Parts {
  Kind kind;
  bssl::UniquePtr<RSA> rsa;
  bssl::UniquePtr<EC_KEY> point;
  std::string bytes;  // of Ed25519 or the secret

  explicit Parts(Kind of) : kind(of) {}
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

namespace {

constexpr unsigned kLeastRsaBits = 2048;
constexpr unsigned kMostRsaBits = 8192;  // bounds the time of a verification
constexpr std::size_t kMostExponentBytes = 8;
constexpr std::size_t kLeastSecret = 32;

Error badKey(std::string_view detail) {
  ERR_clear_error();
  return {ErrorCode::kInvalid, Origin::kLocal, detail};
}

const std::uint8_t* bytesOf(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

bssl::UniquePtr<BIGNUM> numberOf(std::string_view bytes) {
  return bssl::UniquePtr<BIGNUM>(BN_bin2bn(bytesOf(bytes), bytes.size(), nullptr));
}

int curveOf(Key::Kind kind) {
  if (kind == Key::Kind::kP256) return NID_X9_62_prime256v1;
  return kind == Key::Kind::kP384 ? NID_secp384r1 : NID_secp521r1;
}

std::size_t coordinateBytes(Key::Kind kind) {
  if (kind == Key::Kind::kP256) return 32;
  return kind == Key::Kind::kP384 ? 48 : 66;
}

const EVP_MD* hashOf(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEs384:
    case Algorithm::kRs384:
    case Algorithm::kPs384:
    case Algorithm::kHs384:
      return EVP_sha384();
    case Algorithm::kEs512:
    case Algorithm::kRs512:
    case Algorithm::kPs512:
    case Algorithm::kHs512:
      return EVP_sha512();
    default:
      return EVP_sha256();
  }
}

// The kind of key of an algorithm.
Key::Kind kindFor(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEs256:
      return Key::Kind::kP256;
    case Algorithm::kEs384:
      return Key::Kind::kP384;
    case Algorithm::kEs512:
      return Key::Kind::kP521;
    case Algorithm::kEdDsa:
      return Key::Kind::kEd25519;
    case Algorithm::kHs256:
    case Algorithm::kHs384:
    case Algorithm::kHs512:
      return Key::Kind::kSecret;
    default:
      return Key::Kind::kRsa;
  }
}

struct Digest {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;

  Digest(Algorithm algorithm, std::string_view text) {
    EVP_Digest(text.data(), text.size(), bytes.data(), &size, hashOf(algorithm), nullptr);
  }
};

bool isEcdsaSignature(const Digest& digest, std::string_view signature, const EC_KEY* key) {
  const bssl::UniquePtr<ECDSA_SIG> pair(ECDSA_SIG_new());
  const std::size_t half = signature.size() / 2;
  bssl::UniquePtr<BIGNUM> r = numberOf(signature.substr(0, half));
  bssl::UniquePtr<BIGNUM> s = numberOf(signature.substr(half));
  if (pair == nullptr || r == nullptr || s == nullptr) return false;
  ECDSA_SIG_set0(pair.get(), r.release(), s.release());
  return ECDSA_do_verify(digest.bytes.data(), digest.size, pair.get(), key) == 1;
}

bool isRsaSignature(Algorithm algorithm, const Digest& digest, std::string_view signature,
                    RSA* key) {
  const EVP_MD* const hash = hashOf(algorithm);
  if (algorithm >= Algorithm::kPs256) {
    return RSA_verify_pss_mgf1(key, digest.bytes.data(), digest.size, hash, hash,
                               static_cast<int>(digest.size), bytesOf(signature),
                               signature.size()) == 1;
  }
  return RSA_verify(EVP_MD_type(hash), digest.bytes.data(), digest.size, bytesOf(signature),
                    signature.size(), key) == 1;
}

bool isMac(Algorithm algorithm, std::string_view secret, std::string_view text,
           std::string_view mac) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> expected{};
  unsigned size = 0;
  HMAC(hashOf(algorithm), secret.data(), secret.size(), bytesOf(text), text.size(), expected.data(),
       &size);
  return mac.size() == size && CRYPTO_memcmp(expected.data(), mac.data(), size) == 0;
}

}  // namespace

Key::Key(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
Key::Key(Key&&) noexcept = default;
Key& Key::operator=(Key&&) noexcept = default;
Key::~Key() = default;

Key::Kind Key::kind() const { return parts_->kind; }

Result<Key> Key::rsa(std::string_view modulus, std::string_view exponent) {
  if (modulus.size() > kMostRsaBits / 8 + 1) return badKey("the RSA key has more than 8192 bits");
  if (exponent.size() > kMostExponentBytes) return badKey("the RSA exponent is too large");
  bssl::UniquePtr<BIGNUM> n = numberOf(modulus);
  bssl::UniquePtr<BIGNUM> e = numberOf(exponent);
  if (n == nullptr || e == nullptr || BN_num_bits(n.get()) < kLeastRsaBits) {
    return badKey("the RSA key has less than 2048 bits");
  }
  if (BN_num_bits(n.get()) > kMostRsaBits) return badKey("the RSA key has more than 8192 bits");
  auto parts = std::make_unique<Parts>(Kind::kRsa);
  parts->rsa.reset(RSA_new());
  RSA_set0_key(parts->rsa.get(), n.release(), e.release(), nullptr);
  if (BN_is_odd(RSA_get0_n(parts->rsa.get())) == 0 || RSA_check_key(parts->rsa.get()) != 1) {
    return badKey("the RSA key is not valid");
  }
  return Key(std::move(parts));
}

Result<Key> Key::point(Kind curve, std::string_view x, std::string_view y) {
  const std::size_t size = coordinateBytes(curve);
  if (x.size() != size || y.size() != size) return badKey("a coordinate has a wrong length");
  auto parts = std::make_unique<Parts>(curve);
  parts->point.reset(EC_KEY_new_by_curve_name(curveOf(curve)));
  std::string octets = "\x04";  // uncompressed (SEC 1, 2.3.3)
  octets.append(x).append(y);
  if (EC_KEY_oct2key(parts->point.get(), bytesOf(octets), octets.size(), nullptr) != 1) {
    return badKey("the point is not on its curve");
  }
  return Key(std::move(parts));
}

Result<Key> Key::ed25519(std::string_view bytes) {
  if (bytes.size() != ED25519_PUBLIC_KEY_LEN) return badKey("the key has a wrong length");
  auto parts = std::make_unique<Parts>(Kind::kEd25519);
  parts->bytes = bytes;
  return Key(std::move(parts));
}

Result<Key> Key::secret(std::string_view bytes) {
  if (bytes.size() < kLeastSecret) return badKey("the secret has less than 32 bytes");
  auto parts = std::make_unique<Parts>(Kind::kSecret);
  parts->bytes = bytes;
  return Key(std::move(parts));
}

bool Key::fits(Algorithm algorithm) const {
  if (kindFor(algorithm) != parts_->kind) return false;
  // RFC 7518, 3.2: a secret is at least as long as the hash.
  return parts_->kind != Kind::kSecret || parts_->bytes.size() >= EVP_MD_size(hashOf(algorithm));
}

bool Key::verifies(Algorithm algorithm, std::string_view text, std::string_view signature) const {
  if (!fits(algorithm)) return false;
  bool good = false;
  switch (parts_->kind) {
    case Kind::kRsa:
      good = isRsaSignature(algorithm, Digest(algorithm, text), signature, parts_->rsa.get());
      break;
    case Kind::kP256:
    case Kind::kP384:
    case Kind::kP521:
      good = signature.size() == 2 * coordinateBytes(parts_->kind) &&
             isEcdsaSignature(Digest(algorithm, text), signature, parts_->point.get());
      break;
    case Kind::kEd25519:
      good = signature.size() == ED25519_SIGNATURE_LEN &&
             ED25519_verify(bytesOf(text), text.size(), bytesOf(signature),
                            bytesOf(parts_->bytes)) == 1;
      break;
    case Kind::kSecret:
      good = isMac(algorithm, parts_->bytes, text, signature);
      break;
  }
  if (!good) ERR_clear_error();
  return good;
}

}  // namespace weir::jose
