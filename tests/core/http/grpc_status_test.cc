#include "core/http/grpc_status.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

class GrpcStatusTest : public ::testing::Test {
 protected:
  GrpcStatusTest() { response.status = 200; }
  GrpcStatus status() { return grpcStatusOf(response, response.trailers); }

  BlockPool blocks{4096};
  Arena arena{blocks};
  Response response{arena};
};

TEST_F(GrpcStatusTest, TrailersTakePrecedence) {
  response.headers.add("grpc-status", "5");
  EXPECT_EQ(status().code, GrpcCode::kNotFound);
  response.trailers.add("grpc-status", "0");
  EXPECT_TRUE(status().ok());
}

TEST_F(GrpcStatusTest, TheMessageIsDecoded) {
  response.trailers.add("grpc-status", "3");
  response.trailers.add("grpc-message", "50%25 of%0Anothing %zz %4");
  EXPECT_EQ(status().code, GrpcCode::kInvalidArgument);
  EXPECT_EQ(status().message, "50% of\nnothing %zz %4");
}

TEST_F(GrpcStatusTest, WhatIsNoStatusIsUnknown) {
  for (const char* const text : {"17", "-1", "ok", ""}) {
    response.trailers.set("grpc-status", text);
    EXPECT_EQ(status().code, GrpcCode::kUnknown) << text;
  }
}

TEST_F(GrpcStatusTest, WithoutAStatusTheHttpStatusDecides) {
  response.status = 503;
  EXPECT_EQ(status().code, GrpcCode::kUnavailable);
  EXPECT_EQ(status().message, "no grpc-status in a response with HTTP status 503");
  EXPECT_EQ(grpcStatusFor(401), 16);
  EXPECT_EQ(grpcStatusFor(200), 2);
}

}  // namespace
}  // namespace weir::http
