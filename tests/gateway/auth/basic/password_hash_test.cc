#include "gateway/auth/basic/password_hash.h"

#include <string>

#include <gtest/gtest.h>

#include "gateway/auth/basic/user_table.h"

namespace weir::gateway::basic {
namespace {

const std::string kBcrypt = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
const std::string kSha256 = "$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2";
const std::string kSha512 =
    "$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/otop/Zok96Hr8Q13LEv0DRY/"
    "x8v0/crpIjl8NJSAqXV/";
const std::string kYescrypt = "$y$j75$saltsaltsalt$jyf/lxrpdyAIshWRo1x5DRC6KIE7sNRRtjcomR3PgHA";

TEST(PasswordHash, KnowsTheRightPassword) {
  for (const std::string& hash : {kBcrypt, kSha256, kSha512, kYescrypt}) {
    EXPECT_EQ(faultOf(hash), "") << hash;
    EXPECT_TRUE(isPassword("secret", hash)) << hash;
    EXPECT_FALSE(isPassword("secret ", hash)) << hash;
    EXPECT_FALSE(isPassword("", hash)) << hash;
  }
}

TEST(PasswordHash, RefusesWhatIsWeak) {
  for (const char* hash : {"secret", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "rqXexS6ZhobKA", "",
                           "$apr1$saltsalt$8a.kx0y3tL1u2.tkNZkA01", "$1$salt$hash", "!", "*"}) {
    EXPECT_TRUE(faultOf(hash).starts_with("is quickly guessed")) << hash;
  }
}

TEST(PasswordHash, RefusesWhatCostsTooMuchOrIsNotComplete) {
  std::string costly = kBcrypt;
  costly.replace(4, 2, "14");
  EXPECT_EQ(faultOf(costly), "");
  costly.replace(4, 2, "15");
  EXPECT_EQ(faultOf(costly), "costs too much");
  std::string rounds = kSha512;
  EXPECT_EQ(faultOf(rounds.replace(10, 4, "1000000")), "");
  EXPECT_EQ(faultOf(rounds.replace(10, 7, "1000001")), "costs too much");
  std::string memory = kYescrypt;
  EXPECT_EQ(faultOf(memory.replace(3, 3, "jBT")), "");
  EXPECT_EQ(faultOf(memory.replace(3, 3, "jCT")), "costs too much");
  for (const std::string& hash : {kBcrypt, kSha256, kSha512, kYescrypt}) {
    EXPECT_EQ(faultOf(hash.substr(0, hash.size() - 1)), "is not complete");
    EXPECT_EQ(faultOf(hash + "!"), "is not complete");
  }
  EXPECT_EQ(faultOf("$6$rounds=x$s$h"), "is not complete");
  EXPECT_EQ(faultOf("$6$rounds=1"), "is not complete");
  EXPECT_EQ(faultOf("$y$"), "is not complete");
  EXPECT_EQ(faultOf("$2y$"), "is not complete");
}

TEST(UserTable, ReadsLinesOfHtpasswd) {
  UserTable table;
  EXPECT_EQ(table.add("ann:" + kBcrypt), "");
  EXPECT_EQ(table.add("bob:" + kSha512), "");
  EXPECT_EQ(table.hashFor("ann"), kBcrypt);
  EXPECT_EQ(table.hashFor("bob"), kSha512);
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.add("ann"), "is not NAME:HASH");
  EXPECT_EQ(table.add(":" + kBcrypt), "the name is empty, too long or has control characters");
  EXPECT_EQ(table.add("a\tb:" + kBcrypt), "the name is empty, too long or has control characters");
  EXPECT_EQ(table.add("ann:" + kBcrypt), "another line has the same name");
  EXPECT_EQ(table.add("eve:secret"),
            "the hash is quickly guessed or unknown: use bcrypt (htpasswd -B)");
}

// An answer about an unknown name takes as long as one about a known name.
TEST(UserTable, HasAHashOfTheSameCostForUnknownNames) {
  for (const std::string& hash : {kBcrypt, kSha256, kSha512, kYescrypt}) {
    UserTable table;
    ASSERT_EQ(table.add("ann:" + hash), "");
    const std::string nobody(table.hashFor("eve"));
    EXPECT_EQ(faultOf(nobody), "");
    EXPECT_EQ(nobody.substr(0, nobody.size() - 1), hash.substr(0, hash.size() - 1));
    EXPECT_FALSE(isPassword("secret", nobody));
  }
  EXPECT_EQ(UserTable().hashFor("eve"), kNobody);
  EXPECT_EQ(faultOf(kNobody), "");
}

}  // namespace
}  // namespace weir::gateway::basic
