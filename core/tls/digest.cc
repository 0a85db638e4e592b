#include "core/tls/digest.h"

#include <array>
#include <cstdint>
#include <openssl/base64.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

namespace weir::tls {

std::string_view base64(Bytes bytes, Arena& arena) {
  // The last byte is the 0 that EVP_EncodeBlock adds.
  auto* const text = arena.array<std::uint8_t>(4 * ((bytes.size() + 2) / 3) + 1);
  const std::size_t size =
      EVP_EncodeBlock(text, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return {reinterpret_cast<const char*>(text), size};
}

void appendBase64(Bytes bytes, std::string& to) {
  const std::size_t before = to.size();
  // The last byte is the 0 that EVP_EncodeBlock adds.
  to.resize(before + 4 * ((bytes.size() + 2) / 3) + 1);
  const std::size_t size =
      EVP_EncodeBlock(reinterpret_cast<std::uint8_t*>(&to[before]),
                      reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  to.resize(before + size);
}

bool appendFromBase64(std::string_view text, std::string& to) {
  const std::size_t before = to.size();
  std::size_t size = text.size() / 4 * 3;
  to.resize(before + size);
  const bool good =
      EVP_DecodeBase64(reinterpret_cast<std::uint8_t*>(&to[before]), &size, size,
                       reinterpret_cast<const std::uint8_t*>(text.data()), text.size()) == 1;
  to.resize(good ? before + size : before);
  return good;
}

std::optional<std::string_view> fromBase64(std::string_view text, Arena& arena) {
  std::size_t size = text.size() / 4 * 3;
  auto* const bytes = arena.array<std::uint8_t>(size);
  const bool good =
      EVP_DecodeBase64(bytes, &size, size, reinterpret_cast<const std::uint8_t*>(text.data()),
                       text.size()) == 1;
  if (!good) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(bytes), size);
}

std::string sha256(Bytes bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  sha256(bytes, std::span<char, 32>(digest));
  return digest;
}

void sha256(Bytes bytes, std::span<char, 32> digest) {
  SHA256(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
         reinterpret_cast<std::uint8_t*>(digest.data()));
}

std::string secretBytes(std::size_t count) {
  std::string bytes(count, '\0');
  RAND_bytes(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size());
  return bytes;
}

std::string hexOf(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += kDigits[value >> 4U];
    text += kDigits[value & 0xFU];
  }
  return text;
}

std::string_view sha1Base64(std::string_view first, std::string_view second, Arena& arena) {
  std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest{};
  SHA_CTX state;
  SHA1_Init(&state);
  SHA1_Update(&state, first.data(), first.size());
  SHA1_Update(&state, second.data(), second.size());
  SHA1_Final(digest.data(), &state);
  return base64({reinterpret_cast<const char*>(digest.data()), digest.size()}, arena);
}

}  // namespace weir::tls
