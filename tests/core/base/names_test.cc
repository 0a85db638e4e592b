#include "core/base/names.h"

#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(NameTable, GivesEachNameANumberOfItsOwn) {
  NameTable names;
  const NameId orders = names.intern("orders");
  const NameId shop = names.intern("shop");
  EXPECT_NE(orders, shop);
  EXPECT_EQ(names.intern("orders"), orders);
  EXPECT_EQ(names.name(shop), "shop");
  EXPECT_EQ(names.size(), 3U);
}

TEST(NameTable, NothingHasTheNumberZero) {
  NameTable names;
  EXPECT_EQ(names.intern(""), 0U);
  EXPECT_EQ(names.name(0), "");
}

TEST(NameTable, NamesStayWhereTheyAre) {
  NameTable names;
  const std::string_view first = names.name(names.intern("first"));
  for (int i = 0; i < 10'000; ++i) names.intern("name-" + std::to_string(i));
  EXPECT_EQ(first, "first");
  EXPECT_EQ(names.intern("name-9999"), 10'001U);
}

}  // namespace
}  // namespace weir
