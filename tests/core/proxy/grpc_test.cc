#include "core/proxy/grpc.h"

#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

class Grpc : public testing::Test {
 protected:
  bool isGrpcWith(std::string_view type) {
    request.headers.set(http::HeaderId::kContentType, type);
    return isGrpc(request);
  }
  std::optional<Milliseconds> timeout(std::string_view text) {
    request.headers.set("grpc-timeout", text);
    return grpcTimeout(request);
  }

  BlockPool blocks{4096};
  Arena arena{blocks};
  http::Request request{arena};
  http::Response response{arena};
};

TEST_F(Grpc, IsKnownByItsContentType) {
  EXPECT_FALSE(isGrpc(request));
  EXPECT_TRUE(isGrpcWith("application/grpc"));
  EXPECT_TRUE(isGrpcWith("application/grpc+proto"));
  EXPECT_TRUE(isGrpcWith("Application/GRPC;x=y"));
  EXPECT_FALSE(isGrpcWith("application/grpc-web"));
  EXPECT_FALSE(isGrpcWith("application/json"));
}

TEST_F(Grpc, TimeoutsInEveryUnit) {
  EXPECT_FALSE(grpcTimeout(request));
  EXPECT_EQ(timeout("2H"), Milliseconds(7'200'000));
  EXPECT_EQ(timeout("3M"), Milliseconds(180'000));
  EXPECT_EQ(timeout("4S"), Milliseconds(4'000));
  EXPECT_EQ(timeout("5m"), Milliseconds(5));
  EXPECT_EQ(timeout("1500u"), Milliseconds(2));  // never shorter than requested
  EXPECT_EQ(timeout("1n"), Milliseconds(1));
}

TEST_F(Grpc, TimeoutsThatAreNone) {
  for (const std::string_view text : {"", "S", "5", "5x", "-1S", "123456789S", "99999999H"}) {
    EXPECT_FALSE(timeout(text)) << text;
  }
}

TEST_F(Grpc, AFailureIsAHeadAlone) {
  writeGrpcFailure(response, 14, "50% of\nnothing");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("content-type"), "application/grpc");
  EXPECT_EQ(response.headers.get("grpc-status"), "14");
  EXPECT_EQ(response.headers.get("grpc-message"), "50%25 of%0Anothing");
}

TEST_F(Grpc, StatusesOfTheMapping) {
  EXPECT_EQ(grpcStatusFor(400), 13);
  EXPECT_EQ(grpcStatusFor(401), 16);
  EXPECT_EQ(grpcStatusFor(403), 7);
  EXPECT_EQ(grpcStatusFor(404), 12);
  EXPECT_EQ(grpcStatusFor(429), 14);
  EXPECT_EQ(grpcStatusFor(500), 2);
}

}  // namespace
}  // namespace weir::proxy
