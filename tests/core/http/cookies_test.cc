#include "core/http/cookies.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

class CookiesTest : public testing::Test {
 protected:
  std::string find(std::string_view name) {
    return std::string(findCookie(headers, name).value_or("none"));
  }

  BlockPool pool{4096};
  Arena arena{pool};
  Headers headers{arena};
};

TEST_F(CookiesTest, FindsACookieByItsWholeName) {
  headers.add(HeaderId::kCookie, "a=1; session=x=y;b=;  c =2; session=later");
  EXPECT_EQ(find("a"), "1");
  EXPECT_EQ(find("session"), "x=y");
  EXPECT_EQ(find("b"), "");
  EXPECT_EQ(find("sess"), "none");
  EXPECT_EQ(find("Session"), "none");
  EXPECT_EQ(find("ession"), "none");
}

TEST_F(CookiesTest, LooksAtAllFields) {
  EXPECT_EQ(find("a"), "none");
  headers.add("x-cookie", "a=0");
  EXPECT_EQ(find("a"), "none");
  headers.add(HeaderId::kCookie, "");
  headers.add(HeaderId::kCookie, "b");
  headers.add(HeaderId::kCookie, "b=2; a=1");
  EXPECT_EQ(find("a"), "1");
  EXPECT_EQ(find("b"), "2");
}

}  // namespace
}  // namespace weir::http
