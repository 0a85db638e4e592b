#include "core/proxy/pushback.h"

#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

using namespace std::chrono_literals;

TEST(RetryAfter, IsANumberOfSeconds) {
  EXPECT_EQ(retryAfter("0", 0ns), 0ms);
  EXPECT_EQ(retryAfter("120", 0ns), 120s);
  EXPECT_GT(retryAfter("9223372036854775807", 0ns).value(), 24h);
}

TEST(RetryAfter, MayBeADate) {
  // 784,111,777 s after 1970.
  constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
  EXPECT_EQ(retryAfter(kDate, 784'111'770s), 7s);
  EXPECT_EQ(retryAfter(kDate, 784'111'776s + 1ns), 1s);
  EXPECT_EQ(retryAfter(kDate, 784'111'780s), 0ms) << "it has passed";
}

TEST(RetryAfter, AnythingElseIsNone) {
  for (const std::string_view text :
       {"", "-1", "1.5", "soon", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 99 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"}) {
    EXPECT_FALSE(retryAfter(text, 0ns)) << text;
  }
}

class Pushback : public testing::Test {
 protected:
  BlockPool blocks{4096};
  Arena arena{blocks};
  http::Response response{arena};
};

TEST_F(Pushback, WithoutAFieldThereIsNoPause) {
  const auto retry = pushback(response, 5s);
  EXPECT_FALSE(retry.refused);
  EXPECT_EQ(retry.pause, 0ms);
}

TEST_F(Pushback, AtTheLimitItIsRetried) {
  response.headers.add("retry-after", "5");
  EXPECT_FALSE(pushback(response, 5'000ms).refused);
  EXPECT_TRUE(pushback(response, 4'999ms).refused);
}

TEST_F(Pushback, ThatOfGrpcComesFirst) {
  response.headers.add("retry-after", "100");
  response.trailers.add("grpc-retry-pushback-ms", "20");
  EXPECT_EQ(pushback(response, 5s).pause, 20ms);
  EXPECT_FALSE(pushback(response, 5s).refused);
}

TEST_F(Pushback, WhatIsNotANumberMeansNever) {
  for (const std::string_view text : {"-1", "", "soon", "99999999999999"}) {
    response.trailers.set("grpc-retry-pushback-ms", text);
    EXPECT_TRUE(pushback(response, 5s).refused) << text;
  }
}

}  // namespace
}  // namespace weir::proxy
