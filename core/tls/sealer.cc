#include "core/tls/sealer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <openssl/aead.h>
#include <openssl/digest.h>
#include <openssl/hkdf.h>
#include <openssl/rand.h>
#include <string>

#include "core/base/check.h"
#include "core/tls/digest.h"

namespace weir::tls {
namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kOverhead = kNonceBytes + kTagBytes;
constexpr std::size_t kMostSealed = (Sealer::kMostText + kOverhead + 2) / 3 * 4;

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

// The URL-safe form without padding (RFC 4648, 5).
std::string_view urlForm(std::string_view base64, Arena& arena) {
  const std::size_t size = std::min(base64.find('='), base64.size());
  char* const text = arena.allocate(size);
  for (std::size_t i = 0; i < size; ++i) {
    const char c = base64[i];
    text[i] = c == '+' ? '-' : c == '/' ? '_' : c;
  }
  return {text, size};
}

std::optional<std::string_view> fromUrlForm(std::string_view text, Arena& arena) {
  const std::size_t padded = (text.size() + 3) / 4 * 4;
  char* const to = arena.allocate(padded);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '+' || c == '/') return std::nullopt;
    to[i] = c == '-' ? '+' : c == '_' ? '/' : c;
  }
  std::fill(to + text.size(), to + padded, '=');
  return fromBase64({to, padded}, arena);
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
  return urlForm(base64(bytes, arena), arena);
}

std::optional<Sealer::Opened> Sealer::open(std::string_view sealed, std::string_view context,
                                           Arena& arena) const {
  if (sealed.size() > kMostSealed) return std::nullopt;
  const auto bytes = fromUrlForm(sealed, arena);
  if (!bytes || bytes->size() < kOverhead) return std::nullopt;
  const std::string_view body = bytes->substr(kNonceBytes);
  auto* const text = arena.array<std::uint8_t>(body.size());
  for (const auto& key : keys_) {
    std::size_t size = 0;
    const int opened =
        EVP_AEAD_CTX_open(key.get(), text, &size, body.size(), bytesOf(*bytes), kNonceBytes,
                          bytesOf(body), body.size(), bytesOf(context), context.size());
    if (opened != 1) continue;
    return Opened{{reinterpret_cast<const char*>(text), size}, &key != &keys_.front()};
  }
  return std::nullopt;
}

}  // namespace weir::tls
