#include "core/proxy/web_socket.h"

#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

class WebSocket : public testing::Test {
 protected:
  BlockPool blocks{4096};
  Arena arena{blocks};
  Random random{1};
  http::Request request{arena};
  http::Response response{arena};
};

TEST_F(WebSocket, AKeyIsSixteenBytesInBase64) {
  request.version = http::Version::kHttp2;
  request.upgrade = "websocket";
  addWebSocketKey(request, random);
  const auto key = request.headers.get("sec-websocket-key");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->size(), 24U);
  EXPECT_TRUE(key->ends_with("=="));
}

TEST_F(WebSocket, TheClientsKeyStays) {
  request.upgrade = "websocket";
  request.headers.add("Sec-WebSocket-Key", "mine");
  addWebSocketKey(request, random);
  EXPECT_EQ(request.headers.size(), 1U);
}

TEST_F(WebSocket, AClientOfHttp2HasNoKeyOfItsOwn) {
  request.version = http::Version::kHttp2;
  request.upgrade = "websocket";
  request.headers.add("Sec-WebSocket-Key", "mine");
  addWebSocketKey(request, random);
  EXPECT_EQ(request.headers.size(), 1U);
  EXPECT_NE(request.headers.get("sec-websocket-key"), "mine");
}

TEST_F(WebSocket, OtherUpgradesGetNone) {
  request.version = http::Version::kHttp2;
  request.upgrade = "other";
  addWebSocketKey(request, random);
  addWebSocketAccept(request, response);
  EXPECT_TRUE(request.headers.empty());
  EXPECT_TRUE(response.headers.empty());
}

// The example of RFC 6455, 1.3.
TEST_F(WebSocket, TheAcceptFollowsFromTheKey) {
  request.upgrade = "WebSocket";
  request.headers.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  addWebSocketAccept(request, response);
  EXPECT_EQ(response.headers.get("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

}  // namespace
}  // namespace weir::proxy
