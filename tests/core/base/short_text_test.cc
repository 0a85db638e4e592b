#include "core/base/short_text.h"

#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Words, HoldAShortTextPaddedWithZeros) {
  const std::string text = "abcdefgh";
  std::uint64_t expected = 0;
  for (std::size_t size = 0; size <= 8; ++size) {
    EXPECT_EQ(shortWord(text.data(), size), expected) << size;
    if (size < 8) expected |= std::uint64_t{static_cast<unsigned char>(text[size])} << (8 * size);
  }
}

TEST(Words, MakeCapitalsSmallAndNothingElse) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::uint64_t small = byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
    for (unsigned place = 0; place < 64; place += 8) {
      EXPECT_EQ(lowerWord(std::uint64_t{byte} << place), small << place) << byte << " at " << place;
    }
  }
}

TEST(Words, CopyTextsOfAnyLengthAndNoByteMore) {
  std::string text;
  for (int i = 0; i < 80; ++i) text += static_cast<char>('!' + i);
  for (std::size_t size = 0; size <= text.size(); ++size) {
    std::string into(text.size() + 1, '#');
    char* end = putText(into.data(), std::string_view(text).substr(0, size));
    EXPECT_EQ(end, into.data() + size);
    EXPECT_EQ(into, text.substr(0, size) + std::string(into.size() - size, '#'));
  }
}

}  // namespace
}  // namespace weir
