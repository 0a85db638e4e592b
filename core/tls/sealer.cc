#include "core/tls/sealer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <openssl/aead.h>
#include <openssl/digest.h>
#include <openssl/hkdf.h>
#include <openssl/rand.h>
#include <string>

#include "core/base/base64url.h"
#include "core/base/check.h"
#include "core/tls/digest.h"

namespace weir::tls {
namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kOverhead = kNonceBytes + kTagBytes;
constexpr std::size_t kMostSealed = base64UrlSize(Sealer::kMostText + kOverhead);

const std::uint8_t* bytesOf(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

evp_aead_ctx_st* keyFrom(std::string_view secret) {
  constexpr std::string_view kPurpose = "weir sealed texts";
  std::array<std::uint8_t, 32> key{};
  WEIR_CHECK(HKDF(key.data(), key.size(), EVP_sha256(), bytesOf(secret), secret.size(), nullptr, 0,
                  bytesOf(kPurpose), kPurpose.size()) == 1);
  evp_aead_ctx_st* const made =
      EVP_AEAD_CTX_new(EVP_aead_aes_256_gcm_siv(), key.data(), key.size(), kTagBytes);
  WEIR_CHECK(made != nullptr);
  return made;
}

std::string_view processSecret() {
  static const std::string secret = secretBytes(Sealer::kLeastSecret);
  return secret;
}

}  // namespace

void Sealer::Free::operator()(evp_aead_ctx_st* context) const { EVP_AEAD_CTX_free(context); }

Sealer::Sealer(const std::vector<std::string_view>& secrets) {
  for (const std::string_view secret : secrets) keys_.emplace_back(keyFrom(secret));
  if (keys_.empty()) keys_.emplace_back(keyFrom(processSecret()));
}

Sealer::~Sealer() = default;

std::optional<std::string_view> Sealer::seal(std::string_view text, std::string_view context,
                                             Arena& arena) const {
  if (text.size() > kMostText) return std::nullopt;
  auto* const sealed = arena.array<std::uint8_t>(text.size() + kOverhead);
  RAND_bytes(sealed, kNonceBytes);
  std::size_t size = 0;
  WEIR_CHECK(EVP_AEAD_CTX_seal(keys_.front().get(), sealed + kNonceBytes, &size,
                               text.size() + kTagBytes, sealed, kNonceBytes, bytesOf(text),
                               text.size(), bytesOf(context), context.size()) == 1);
  const Bytes bytes(reinterpret_cast<const char*>(sealed), kNonceBytes + size);
  char* const text_form = arena.allocate(base64UrlSize(bytes.size()));
  writeBase64Url(bytes, text_form);
  return std::string_view(text_form, base64UrlSize(bytes.size()));
}

std::optional<Sealer::Opened> Sealer::open(std::string_view sealed, std::string_view context,
                                           Arena& arena) const {
  if (sealed.size() > kMostSealed) return std::nullopt;
  const std::size_t size = bytesOfBase64Url(sealed.size());
  char* const bytes = arena.allocate(size);
  if (size < kOverhead || readBase64Url(sealed, bytes) == nullptr) return std::nullopt;
  const std::string_view nonce(bytes, kNonceBytes);
  const std::string_view body(bytes + kNonceBytes, size - kNonceBytes);
  auto* const text = arena.array<std::uint8_t>(body.size());
  for (const auto& key : keys_) {
    std::size_t opened_size = 0;
    const int opened =
        EVP_AEAD_CTX_open(key.get(), text, &opened_size, body.size(), bytesOf(nonce), nonce.size(),
                          bytesOf(body), body.size(), bytesOf(context), context.size());
    if (opened != 1) continue;
    return Opened{{reinterpret_cast<const char*>(text), opened_size}, &key != &keys_.front()};
  }
  return std::nullopt;
}

}  // namespace weir::tls
