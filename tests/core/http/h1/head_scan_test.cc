#include "core/http/h1/head_scan.h"

#include <string>

#include <gtest/gtest.h>

#include "core/http/syntax.h"

namespace weir::http::h1 {
namespace {

constexpr std::size_t kReach = 40;  // beyond two words of 16 bytes

// A text of `size` bytes of every class, then `last`, then zeros.
std::string textWith(std::size_t size, char last) {
  std::string text(size, 'a');
  text += last;
  text.append(16, '\0');
  return text;
}

TEST(HeadScan, EveryByteAtEveryPositionEndsTheSamePart) {
  for (std::size_t size = 0; size < kReach; ++size) {
    for (int byte = 0; byte < 256; ++byte) {
      const std::string text = textWith(size, static_cast<char>(byte));
      const char* const at = text.data();
      EXPECT_EQ(HeadScan::endOfName(at), PlainScan::endOfName(at)) << size << " " << byte;
      EXPECT_EQ(HeadScan::endOfTarget(at), PlainScan::endOfTarget(at)) << size << " " << byte;
      EXPECT_EQ(HeadScan::endOfValue(at), PlainScan::endOfValue(at)) << size << " " << byte;
    }
  }
}

TEST(HeadScan, ClassesContainNothingThatTheGrammarForbids) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_TRUE(!PlainScan::isName(c) || isTokenByte(c)) << byte;
    EXPECT_TRUE(!PlainScan::isTarget(c) || (byte > 0x20 && byte < 0x7F && c != '#')) << byte;
    EXPECT_TRUE(!PlainScan::isValue(c) || (byte >= 0x20 && byte != 0x7F)) << byte;
  }
}

TEST(HeadScan, ClassesContainWhatMostHeadsConsistOf) {
  for (const char c : std::string("azAZ09-")) EXPECT_TRUE(PlainScan::isName(c)) << c;
  for (const char c : std::string("azAZ09-._~%/?&=+:@!$'()*,;")) {
    EXPECT_TRUE(PlainScan::isTarget(c)) << c;
  }
  for (const char c : std::string("az09 \"';:,=/()\xC3\xA4"))
    EXPECT_TRUE(PlainScan::isValue(c)) << c;
}

}  // namespace
}  // namespace weir::http::h1
