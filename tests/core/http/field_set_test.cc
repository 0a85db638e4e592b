#include "core/http/field_set.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TEST(IsSameField, IgnoresCaseAndPunctuation) {
  EXPECT_TRUE(isSameField("Remote-User", "remote_user"));
  EXPECT_TRUE(isSameField("Remote-User", "REMOTE.USER"));
  EXPECT_FALSE(isSameField("Remote-User", "remoteuser"));
  EXPECT_FALSE(isSameField("Remote-User", "remote-users"));
}

TEST(FieldSet, FindsEverySpelling) {
  FieldSet set;
  set.add("X-User-Id");
  EXPECT_TRUE(set.contains("x-user-id"));
  EXPECT_TRUE(set.contains("X-USER-ID"));
  EXPECT_TRUE(set.contains("X_User_Id"));
  EXPECT_TRUE(set.contains("x.user!id"));
  EXPECT_FALSE(set.contains("x-user-i"));
  EXPECT_FALSE(set.contains("x-user-idd"));
  EXPECT_FALSE(set.contains("xauser-id"));
  EXPECT_FALSE(set.contains(""));
}

TEST(FieldSet, IsEmptyWithoutNames) {
  const FieldSet set;
  EXPECT_TRUE(set.empty());
  EXPECT_FALSE(set.contains("x-user"));
}

// A filter that replaces Authorization must not take the credentials from the filters before it.
TEST(FieldSet, LeavesOutFieldsWithAMeaningOfTheirOwn) {
  FieldSet set;
  set.add("Authorization");
  set.add("Cookie");
  EXPECT_TRUE(set.empty());
}

TEST(FieldSet, KeepsEachNameOnceAndInOrder) {
  FieldSet set;
  set.add("X-B");
  set.add("x_a");
  set.add("x-b");
  FieldSet all;
  all.add("X-C");
  all.add(set);
  EXPECT_EQ(all.names(), (std::vector<std::string>{"x-a", "x-b", "x-c"}));
  EXPECT_TRUE(all.contains("X_B"));
}

TEST(FieldSet, HasALimitForTheLengthOfNames) {
  FieldSet set;
  set.add(std::string(FieldSet::kMaxName, 'x'));
  set.add(std::string(FieldSet::kMaxName + 64, 'x'));  // equal modulo 64
  EXPECT_EQ(set.names().size(), 1U);
  EXPECT_TRUE(set.contains(std::string(FieldSet::kMaxName, 'X')));
  EXPECT_FALSE(set.contains(std::string(FieldSet::kMaxName + 64, 'x')));
}

}  // namespace
}  // namespace weir::http
