#include "core/state/entry.h"

#include <gtest/gtest.h>

namespace weir::state {
namespace {

std::string_view faultOf(std::string_view name, const std::string& file) {
  const auto bytes = unpackEntry(name, file);
  return bytes.ok() ? "" : bytes.error().detail;
}

TEST(StateEntry, GivesBackWhatWasPacked) {
  std::string every;
  for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
  for (const std::string& bytes : {std::string(), std::string("\n"), every}) {
    const auto back = unpackEntry("a name", packEntry("a name", bytes));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back.value(), bytes);
  }
}

TEST(StateEntry, RefusesEveryTruncation) {
  const std::string file = packEntry("keys", "some bytes");
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_NE(faultOf("keys", file.substr(0, size)), "") << size;
  }
  EXPECT_EQ(faultOf("keys", file.substr(0, file.size() - 1)), "is truncated");
}

TEST(StateEntry, RefusesEveryChangedByte) {
  const std::string file = packEntry("keys", "some bytes");
  for (std::size_t at = 0; at < file.size(); ++at) {
    std::string changed = file;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_NE(faultOf("keys", changed), "") << at;
  }
}

TEST(StateEntry, SaysWhatIsWrong) {
  const std::string file = packEntry("keys", "some bytes");
  EXPECT_EQ(faultOf("keys", file + "x"), "is too long");
  EXPECT_EQ(faultOf("other", file), "belongs to something else");
  EXPECT_EQ(faultOf("keys", "some bytes"), "is not a state file of weir");
  EXPECT_EQ(faultOf("keys", "weir-state 2" + file.substr(12)), "has an unknown version");
  EXPECT_EQ(faultOf("keys", file.substr(0, file.size() - 1) + "x"), "has the wrong checksum");
  EXPECT_EQ(faultOf("keys", "weir-state 1 x y\nkeys\n"), "has a damaged header");
}

TEST(StateEntry, NamesFilesSafely) {
  EXPECT_EQ(fileNameOf("endpoints-orders_1"), "endpoints-orders_1");
  EXPECT_EQ(fileNameOf("../a"), "%2E%2E%2Fa");
  EXPECT_EQ(fileNameOf("A"), "%41");
  EXPECT_EQ(fileNameOf("%41"), "%2541");
  const std::string one = fileNameOf(std::string(300, 'a') + "1");
  const std::string other = fileNameOf(std::string(300, 'a') + "2");
  EXPECT_NE(one, other);
  EXPECT_LE(one.size(), 200U);
}

}  // namespace
}  // namespace weir::state
