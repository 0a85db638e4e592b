#include "core/http/accept.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TEST(AcceptWeight, IsInThousandths) {
  EXPECT_EQ(acceptWeight(""), 1000);
  EXPECT_EQ(acceptWeight(";level=1"), 1000);
  EXPECT_EQ(acceptWeight(";q=0.5"), 500);
  EXPECT_EQ(acceptWeight("; level=1 ; Q=0.123"), 123);
  EXPECT_EQ(acceptWeight(";q=1.000"), 1000);
  EXPECT_EQ(acceptWeight(";q=0"), 0);
}

TEST(AcceptWeight, OfAMalformedNumberIsZero) {
  for (const std::string_view text :
       {";q=", ";q=nan", ";q=inf", ";q=2", ";q=1.001", ";q=0.1234", ";q=-1", ";q=.5", ";q=0x1"}) {
    EXPECT_EQ(acceptWeight(text), 0) << text;
  }
}

}  // namespace
}  // namespace weir::http
