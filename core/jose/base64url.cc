#include "core/jose/base64url.h"

#include <array>
#include <cstdint>

namespace weir::jose {
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

void appendBase64Url(Bytes bytes, std::string& to) {
  to.reserve(to.size() + (bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char byte : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(byte);
    held += 8;
    while (held >= 6) {
      held -= 6;
      to += kAlphabet[(bits >> held) & 63U];
    }
  }
  if (held > 0) to += kAlphabet[(bits << (6 - held)) & 63U];
}

bool appendFromBase64Url(std::string_view text, std::string& to) {
  if (text.size() % 4 == 1) return false;
  const std::size_t before = to.size();
  to.resize(before + text.size() / 4 * 3 + (text.size() % 4 * 3) / 4);
  char* out = to.data() + before;
  std::uint32_t bits = 0;
  unsigned held = 0;
  bool good = true;
  for (const char c : text) {
    const std::uint8_t digit = kDigits[static_cast<unsigned char>(c)];
    good = good && digit != kNoDigit;
    bits = (bits << 6U) | (digit & 63U);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    *out++ = static_cast<char>((bits >> held) & 255U);
  }
  good = good && (bits & ((1U << held) - 1)) == 0;
  if (!good) to.resize(before);
  return good;
}

}  // namespace weir::jose
