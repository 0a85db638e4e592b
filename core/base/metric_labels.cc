#include "core/base/metric_labels.h"

#include <array>
#include <cstddef>

namespace weir {
namespace {

// Three digits for each number from 0 to 599.
constexpr std::array<char, 1800> codeDigits() {
  std::array<char, 1800> digits{};
  for (std::size_t code = 0; code < 600; ++code) {
    digits[3 * code] = static_cast<char>('0' + code / 100);
    digits[3 * code + 1] = static_cast<char>('0' + code / 10 % 10);
    digits[3 * code + 2] = static_cast<char>('0' + code % 10);
  }
  return digits;
}
constexpr std::array<char, 1800> kCodeDigits = codeDigits();

}  // namespace

std::string_view codeWord(unsigned value) {
  if (value == 0) return "none";
  if (value < 100 || value > 599) return kOtherLabel;
  return {&kCodeDigits[std::size_t{3} * value], 3};
}

std::string_view reasonWord(unsigned value) {
  return value < kReasonCount ? toString(static_cast<Reason>(value)) : kOtherLabel;
}

std::string_view booleanWord(unsigned value) {
  if (value > 1) return kOtherLabel;
  return value == 1 ? "true" : "false";
}

}  // namespace weir
