#include "core/redis/cluster_map.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::redis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::string addressOf(const Primary& primary) {
  return primary.address ? primary.address->text() : "unknown";
}

// The values are those of CLUSTER KEYSLOT.
TEST(ClusterMap, TheSlotOfAKey) {
  EXPECT_EQ(slotOf(""), 0);
  EXPECT_EQ(slotOf("123456789"), 12'739);
  EXPECT_EQ(slotOf("foo"), 12'182);
  EXPECT_EQ(slotOf("user1000"), 3'443);
}

TEST(ClusterMap, TheSlotOfAKeyWithATag) {
  EXPECT_EQ(slotOf("{user1000}.following"), slotOf("user1000"));
  EXPECT_EQ(slotOf("a{user1000}b{other}"), slotOf("user1000"));
  EXPECT_EQ(slotOf("foo{{bar}}zap"), slotOf("{bar"));
  EXPECT_NE(slotOf("foo{}{bar}"), slotOf("bar"));
  EXPECT_NE(slotOf("foo{bar"), slotOf("bar"));
}

TEST(ClusterMap, ReadsThePrimariesWithSlots) {
  const auto primaries = readClusterNodes(
      "07c37df 127.0.0.1:30004@31004 slave e7d1eec 0 1426238317239 4 connected\n"
      "67ed2db 127.0.0.1:30002@31002,name master - 0 1426238316232 2 connected 5461-10922\n"
      "292f8b3 ::1:30003@31003 master - 0 1426238318243 3 connected 10923-16383 7\n"
      "6ec23923 127.0.0.1:30005@31005 master - 0 1426238316232 5 connected\n"
      "824fe116 127.0.0.1:30006@31006 master,fail - 0 0 6 disconnected 8\n"
      "e7d1eec :30001@31001 myself,master - 0 0 1 connected 0-5460 [77->-292f8b3]\n");
  ASSERT_EQ(primaries.size(), 3U);
  EXPECT_EQ(addressOf(primaries[0]), "127.0.0.1:30002");
  EXPECT_THAT(primaries[0].slots, ElementsAre(Pair(5461, 10'922)));
  EXPECT_EQ(addressOf(primaries[1]), "[::1]:30003");
  EXPECT_THAT(primaries[1].slots, ElementsAre(Pair(10'923, 16'383), Pair(7, 7)));
  EXPECT_EQ(addressOf(primaries[2]), "unknown");
  EXPECT_THAT(primaries[2].slots, ElementsAre(Pair(0, 5'460)));
}

TEST(ClusterMap, LeavesOutWhatItCannotRead) {
  EXPECT_THAT(readClusterNodes(""), IsEmpty());
  EXPECT_THAT(readClusterNodes("\n\n \n"), IsEmpty());
  EXPECT_THAT(readClusterNodes("id name:1@2 master - 0 0 1 connected 0-5\n"), IsEmpty());
  EXPECT_THAT(readClusterNodes("id 127.0.0.1:0@2 master - 0 0 1 connected 0-5\n"), IsEmpty());
  EXPECT_THAT(readClusterNodes("id 127.0.0.1:1@2 master - 0 0 1 connected 9-5 16384 a-b -\n"),
              IsEmpty());
}

TEST(ClusterMap, ReadsRedirections) {
  const auto moved = readRedirection("MOVED 3999 127.0.0.1:6381");
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->slot, 3'999);
  EXPECT_EQ(moved->address.text(), "127.0.0.1:6381");
  EXPECT_EQ(readRedirection("ASK 1 ::1:6381").value().address.text(), "[::1]:6381");
  for (const char* text : {"", "MOVED", "MOVED 1", "MOVED 16384 127.0.0.1:1", "MOVED 1 :6381",
                           "MOVED 1 name:6381", "ERR 1 127.0.0.1:1", "MOVED x 127.0.0.1:1"}) {
    EXPECT_FALSE(readRedirection(text)) << text;
  }
}

}  // namespace
}  // namespace weir::redis
