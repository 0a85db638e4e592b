#include "core/base/buffer.h"

#include <algorithm>
#include <array>
#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

class BufferTest : public ::testing::Test {
 protected:
  std::string all() const {
    std::array<Bytes, 64> pieces;
    std::string text;
    const std::size_t count = buffer.peek(pieces);
    for (std::size_t i = 0; i < count; ++i) text += asText(pieces[i]);
    return text;
  }

  BlockPool pool{64};
  Buffer buffer{pool};
};

TEST_F(BufferTest, IsEmptyWithoutMemory) {
  EXPECT_TRUE(buffer.empty());
  EXPECT_TRUE(buffer.front().empty());
  EXPECT_EQ(all(), "");
  buffer.append({});
  buffer.consume(0);
  EXPECT_EQ(pool.lent(), 0U);
}

TEST_F(BufferTest, GivesBackWhatWasPutIn) {
  const std::string text(1000, 'x');
  buffer.append(asBytes("start "));
  buffer.append(asBytes(text));
  EXPECT_EQ(buffer.size(), 1006U);
  EXPECT_EQ(all(), "start " + text);
  EXPECT_GT(pool.lent(), 10U);
}

TEST_F(BufferTest, IsTakenFromTheFront) {
  buffer.append(asBytes("0123456789"));
  buffer.consume(4);
  EXPECT_EQ(asText(buffer.front()), "456789");
  buffer.append(asBytes("ab"));
  EXPECT_EQ(all(), "456789ab");
  buffer.consume(8);
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(pool.lent(), 0U);
}

TEST_F(BufferTest, IsTakenAcrossItsPieces) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += std::to_string(i) + ",";
  buffer.append(asBytes(text));
  buffer.consume(150);
  EXPECT_EQ(all(), text.substr(150));
}

TEST_F(BufferTest, ShowsNoMorePiecesThanThereIsRoomFor) {
  buffer.append(asBytes(std::string(500, 'x')));
  std::array<Bytes, 2> pieces;
  EXPECT_EQ(buffer.peek(pieces), 2U);
  EXPECT_EQ(pieces[0].size(), buffer.front().size());
}

TEST_F(BufferTest, CanBeFilledInPlace) {
  const auto room = buffer.prepare();
  ASSERT_GE(room.size(), 3U);
  std::copy_n("abc", 3, room.data());
  buffer.commit(3);
  EXPECT_EQ(asText(buffer.front()), "abc");
}

TEST_F(BufferTest, WhatWasPreparedInVainIsGivenBack) {
  EXPECT_FALSE(buffer.prepare().empty());
  EXPECT_EQ(pool.lent(), 1U);
  buffer.clear();
  EXPECT_EQ(pool.lent(), 0U);
}

TEST_F(BufferTest, ClearGivesEverythingBack) {
  buffer.append(asBytes(std::string(500, 'x')));
  buffer.clear();
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(pool.lent(), 0U);
  buffer.append(asBytes("again"));
  EXPECT_EQ(all(), "again");
}

TEST(BufferDeathTest, MoreThanThereIsCannotBeTaken) {
  BlockPool pool(64);
  Buffer buffer(pool);
  buffer.append(asBytes("abc"));
  EXPECT_DEATH(buffer.consume(4), "bytes <= size_");
}

}  // namespace
}  // namespace weir
