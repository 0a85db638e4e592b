#include "gateway/transform/grpc_web.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace weir::gateway {
namespace {

using namespace std::string_literals;

class Answers final : public filter::Control {
 public:
  void respond(const filter::LocalReply& reply) override { status = reply.status; }
  void resume() override {}
  std::string_view clientAddress() override { return {}; }
  std::optional<int> status;
};

class GrpcWebTest : public testing::Test {
 protected:
  void ask(std::string_view type) {
    request.headers.set(http::HeaderId::kContentType, type);
    request.body = http::BodyKind::kLength;
    EXPECT_EQ(filter.onRequest(request), filter::Verdict::kContinue);
  }
  std::string send(std::string_view piece, bool last) {
    Bytes bytes = asBytes(piece);
    filter.onRequestBody(bytes, last);
    return std::string(asText(bytes));
  }
  void answer() {
    response.status = 200;
    response.body = http::BodyKind::kStream;
    response.headers.set(http::HeaderId::kContentType, "application/grpc+proto");
    EXPECT_EQ(filter.onResponse(response), filter::Verdict::kContinue);
  }
  std::string receive(std::string_view piece, bool last) {
    Bytes bytes = asBytes(piece);
    EXPECT_EQ(filter.onResponseBody(bytes, last), filter::Verdict::kContinue);
    return std::string(asText(bytes));
  }

  BlockPool blocks{4096};
  Arena arena{blocks};
  http::Request request{arena};
  http::Response response{arena};
  Answers control;
  GrpcWeb::Config config;
  GrpcWeb filter{config, control};
};

TEST_F(GrpcWebTest, OtherRequestsPassUnchanged) {
  ask("application/json");
  EXPECT_EQ(request.headers.get("content-type"), "application/json");
  EXPECT_EQ(send("body", true), "body");
  answer();
  EXPECT_EQ(response.headers.get("content-type"), "application/grpc+proto");
  EXPECT_EQ(receive("body", true), "body");
}

TEST_F(GrpcWebTest, BinaryRequestsOnlyChangeTheirType) {
  ask("application/grpc-web+proto");
  EXPECT_EQ(request.headers.get("content-type"), "application/grpc+proto");
  EXPECT_EQ(request.body, http::BodyKind::kLength);
  EXPECT_TRUE(request.accepts_trailers);
  EXPECT_EQ(send("\0\0\0\0\1x"s, true), "\0\0\0\0\1x"s);
}

TEST_F(GrpcWebTest, TrailersBecomeTheLastFrame) {
  ask("application/grpc-web+proto");
  answer();
  EXPECT_EQ(response.headers.get("content-type"), "application/grpc-web+proto");
  EXPECT_EQ(receive("\0\0\0\0\1x"s, false), "\0\0\0\0\1x"s);
  response.trailers.add("grpc-status", "0");
  EXPECT_EQ(receive("", true), "\x80\0\0\0\x10grpc-status: 0\r\n"s);
  EXPECT_TRUE(response.trailers.empty());
}

TEST_F(GrpcWebTest, TextIsDecodedWhateverThePieces) {
  ask("application/grpc-web-text");
  EXPECT_EQ(request.headers.get("content-type"), "application/grpc");
  EXPECT_EQ(request.body, http::BodyKind::kStream);
  std::string decoded;
  for (const char c : "aGVsbG8=IHdvcmxk"s) decoded += send(std::string(1, c), false);
  decoded += send("", true);
  EXPECT_EQ(decoded, "hello world");
}

TEST_F(GrpcWebTest, TextThatIsNoneIsRefused) {
  for (const std::string_view text : {"!!!!", "abc", "=abc", "ab=c"}) {
    GrpcWebTest::control.status.reset();
    GrpcWeb fresh(config, control);
    request.headers.set(http::HeaderId::kContentType, "application/grpc-web-text");
    fresh.onRequest(request);
    Bytes bytes = asBytes(text);
    EXPECT_EQ(fresh.onRequestBody(bytes, true), filter::Verdict::kResponded) << text;
    EXPECT_EQ(control.status, 400) << text;
  }
}

TEST_F(GrpcWebTest, AnswersToTextAreText) {
  ask("application/grpc-web-text+proto");
  answer();
  EXPECT_EQ(response.headers.get("content-type"), "application/grpc-web-text+proto");
  EXPECT_EQ(receive("hello", false), "aGVsbG8=");
  EXPECT_EQ(receive("", false), "");
  EXPECT_EQ(receive("", true), "gAAAAAA=");
}

TEST_F(GrpcWebTest, AFailureOfOursIsOfItsKind) {
  ask("application/grpc-web-text+proto");
  response.headers.set(http::HeaderId::kContentType, "application/grpc");
  response.headers.add("grpc-status", "14");
  filter.onLocalReply(response);
  EXPECT_EQ(response.headers.get("content-type"), "application/grpc-web-text+proto");
}

TEST_F(GrpcWebTest, OtherAnswersOfOursAreLeftAlone) {
  ask("application/grpc-web");
  response.headers.set(http::HeaderId::kContentType, "text/plain");
  filter.onLocalReply(response);
  EXPECT_EQ(response.headers.get("content-type"), "text/plain");
}

TEST_F(GrpcWebTest, AHeadAloneKeepsItsStatus) {
  ask("application/grpc-web");
  response.status = 200;
  response.body = http::BodyKind::kNone;
  response.headers.add("grpc-status", "5");
  EXPECT_EQ(filter.onResponse(response), filter::Verdict::kContinue);
  EXPECT_EQ(response.headers.get("grpc-status"), "5");
  EXPECT_EQ(receive("", true), "");
}

}  // namespace
}  // namespace weir::gateway
