#include "core/base/base64url.h"

#include <array>
#include <cstdint>

namespace weir {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNoDigit = 64;

constexpr std::array<std::uint8_t, 256> digitsOfBytes() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    digits.at(static_cast<unsigned char>(kAlphabet[i])) = static_cast<std::uint8_t>(i);
  }
  return digits;
}
constexpr std::array<std::uint8_t, 256> kDigits = digitsOfBytes();

}  // namespace

char* writeBase64Url(Bytes bytes, char* to) {
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char byte : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(byte);
    held += 8;
    while (held >= 6) {
      held -= 6;
      *to++ = kAlphabet[(bits >> held) & 63U];
    }
  }
  if (held > 0) *to++ = kAlphabet[(bits << (6 - held)) & 63U];
  return to;
}

char* readBase64Url(std::string_view text, char* to) {
  std::uint32_t bits = 0;
  unsigned held = 0;
  bool good = text.size() % 4 != 1;
  for (const char c : text) {
    const std::uint8_t digit = kDigits[static_cast<unsigned char>(c)];
    good = good && digit != kNoDigit;
    bits = (bits << 6U) | (digit & 63U);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    *to++ = static_cast<char>((bits >> held) & 255U);
  }
  good = good && (bits & ((1U << held) - 1)) == 0;
  return good ? to : nullptr;
}

void appendBase64Url(Bytes bytes, std::string& to) {
  const std::size_t before = to.size();
  to.resize(before + base64UrlSize(bytes.size()));
  writeBase64Url(bytes, to.data() + before);
}

bool appendFromBase64Url(std::string_view text, std::string& to) {
  const std::size_t before = to.size();
  to.resize(before + bytesOfBase64Url(text.size()));
  const bool good = readBase64Url(text, to.data() + before) != nullptr;
  if (!good) to.resize(before);
  return good;
}

}  // namespace weir
