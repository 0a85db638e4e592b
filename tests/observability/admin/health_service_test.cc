#include "observability/admin/health_service.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/observability/admin/fixture.h"

namespace weir::admin {
namespace {

using std::string_literals::operator""s;

const std::string kServing = "\0\0\0\0\x02\x08\x01"s;
const std::string kNotServing = "\0\0\0\0\x02\x08\x02"s;

// A complete body with a HealthCheckRequest.
std::string asking(std::string_view service) {
  std::string message;
  if (!service.empty()) {
    message = "\x0A" + std::string(1, static_cast<char>(service.size())) + std::string(service);
  }
  return "\0\0\0\0"s + static_cast<char>(message.size()) + message;
}

TEST(HealthService, SaysThatItServes) {
  for (const std::string_view service : {"", "readiness", "liveness"}) {
    const PageReply reply = checkHealth(asking(service), {});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.grpc_status, 0);
    EXPECT_EQ(reply.content_type, "application/grpc");
    EXPECT_EQ(reply.body, kServing);
  }
}

TEST(HealthService, AProcessThatDrainsLivesButIsNotReady) {
  const Health draining = {.ready = false, .why = "draining"};
  EXPECT_EQ(checkHealth(asking(""), draining).body, kNotServing);
  EXPECT_EQ(checkHealth(asking("readiness"), draining).body, kNotServing);
  EXPECT_EQ(checkHealth(asking("liveness"), draining).body, kServing);
}

TEST(HealthService, WhatDoesNotLiveIsNotReadyEither) {
  EXPECT_EQ(checkHealth(asking("liveness"), {.live = false}).body, kNotServing);
  EXPECT_EQ(checkHealth(asking(""), {.live = false}).body, kNotServing);
}

TEST(HealthService, KnowsNoOtherService) {
  const PageReply reply = checkHealth(asking("orders"), {});
  EXPECT_EQ(reply.grpc_status, 5);
  EXPECT_EQ(reply.body, "");
}

TEST(HealthService, WhatIsNoMessageIsToldAsSuch) {
  const std::string bad[] = {
      "",                                         // no frame
      "\0\0\0\0"s,                                // incomplete frame
      "\1\0\0\0\0"s,                              // compressed
      "\0\0\0\0\2\x0A"s,                          // shorter than its length
      "\0\0\0\0\0x"s,                             // longer than its length
      "\0\0\0\0\1\x0A"s,                          // a field without its length
      "\0\0\0\0\2\x0A\2"s,                        // a field without its value
      "\0\0\0\0\2\x10\1"s,                        // another field
      "\0\0\0\0\1\xFF"s,                          // a truncated number
      "\0\0\0\0\x0C"s + std::string(12, '\xFF'),  // a number that never ends
  };
  for (const std::string& body : bad) {
    const PageReply reply = checkHealth(body, {});
    EXPECT_EQ(reply.grpc_status, 13) << testing::PrintToString(body);
    EXPECT_EQ(reply.body, "");
  }
}

TEST_F(AdminTest, HealthIsAskedForOverHttp1AsWell) {
  const std::string body = asking("");
  const test::RawMessage reply =
      onlyReply(exchange(requestText("POST /grpc.health.v1.Health/Check",
                                     "content-type: application/grpc\r\ncontent-length: 5\r\n") +
                         body));
  EXPECT_EQ(reply.status(), 200);
  EXPECT_EQ(reply.value("content-type"), "application/grpc");
  EXPECT_EQ(reply.body, kServing);
}

}  // namespace
}  // namespace weir::admin
