#include "core/base/arena_writer.h"

#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

class PenTest : public ::testing::Test {
 protected:
  BlockPool pool{256};
  Arena arena{pool};
};

TEST_F(PenTest, PutsPiecesBehindEachOther) {
  ArenaWriter pen(arena, 64);
  pen.put("literal ").put(std::string_view("text")).put(' ').number(1200);
  EXPECT_EQ(pen.text(), "literal text 1200");
}

TEST_F(PenTest, GivesBackTheRoomThatIsLeft) {
  ArenaWriter pen(arena, 64);
  const std::string_view first = pen.put("abc").text();
  EXPECT_EQ(arena.allocate(1), first.data() + first.size());
}

TEST_F(PenTest, CopiesTextsOfAnyLength) {
  for (std::size_t size = 0; size < 80; ++size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('!' + i);
    ArenaWriter pen(arena, size + 2);
    EXPECT_EQ(pen.put('<').put(std::string_view(text)).put('>').text(), "<" + text + ">");
  }
}

}  // namespace
}  // namespace weir
