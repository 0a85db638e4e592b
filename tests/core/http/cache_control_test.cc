#include "core/http/cache_control.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::http {
namespace {

std::string shown(std::initializer_list<std::string_view> lines) {
  CacheControl control;
  for (const std::string_view line : lines) control.add(line);
  std::string text;
  if (control.no_store) text += "no-store ";
  if (control.no_cache) text += "no-cache ";
  if (control.is_private) text += "private ";
  return text + (control.max_age ? std::to_string(control.max_age->count()) : "");
}

TEST(CacheControl, ReadsDirectivesInAnyCase) {
  EXPECT_EQ(shown({}), "");
  EXPECT_EQ(shown({"public, s-maxage=5"}), "");
  EXPECT_EQ(shown({"No-Store"}), "no-store ");
  EXPECT_EQ(shown({"private=\"x\" ,no-cache=\"y\""}), "no-cache private ");
  EXPECT_EQ(shown({"public, MAX-AGE=30"}), "30000");
  EXPECT_EQ(shown({"max-age=\"30\""}), "30000");
  EXPECT_EQ(shown({"max-age = 30"}), "30000");
}

TEST(CacheControl, PrefersTheShortestTime) {
  EXPECT_EQ(shown({"max-age=30, max-age=20"}), "20000");
  EXPECT_EQ(shown({"max-age=20", "max-age=30, private"}), "private 20000");
}

TEST(CacheControl, TakesAMalformedAgeForNone) {
  for (const std::string_view text :
       {"max-age", "max-age=", "max-age=x", "max-age=-1", "max-age=1.5"}) {
    EXPECT_EQ(shown({text}), "0") << text;
  }
}

}  // namespace
}  // namespace weir::http
