#include "core/http/status_set.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TEST(StatusSet, HasTheStatusesOfItsWords) {
  StatusSet set;
  EXPECT_TRUE(set.add("404"));
  EXPECT_TRUE(set.add("gateway-error"));
  EXPECT_TRUE(set.has(404));
  EXPECT_TRUE(set.has(502));
  EXPECT_TRUE(set.has(504));
  EXPECT_FALSE(set.has(500));
  EXPECT_FALSE(set.anyGrpc());
  EXPECT_TRUE(set.add("5xx"));
  EXPECT_TRUE(set.has(500));
  EXPECT_TRUE(set.has(599));
}

TEST(StatusSet, KnowsEveryGrpcStatusExceptOk) {
  StatusSet set;
  EXPECT_TRUE(set.add("cancelled"));
  EXPECT_TRUE(set.add("resource-exhausted"));
  EXPECT_TRUE(set.add("unavailable"));
  EXPECT_TRUE(set.add("unauthenticated"));
  for (int code = -1; code < 20; ++code) {
    const bool added = code == 1 || code == 8 || code == 14 || code == 16;
    EXPECT_EQ(set.hasGrpc(code), added) << code;
  }
}

TEST(StatusSet, RefusesOtherWords) {
  StatusSet set;
  for (const char* word : {"", "ok", "399", "600", "4xx", "UNAVAILABLE", "503 ", "-1"}) {
    EXPECT_FALSE(set.add(word)) << word;
  }
  EXPECT_EQ(set, StatusSet());
  EXPECT_FALSE(set.has(-1));
  EXPECT_FALSE(set.has(1'000'000));
}

}  // namespace
}  // namespace weir::http
