#include "core/http/grpc_call.h"

#include <gtest/gtest.h>

#include "core/http/grpc_frame.h"
#include "tests/support/fake_client.h"

namespace weir::http {
namespace {

std::string framedText(std::string_view message) {
  return std::string(grpcPrefix(message.size()).data(), kGrpcPrefix).append(message);
}

class GrpcCallTest : public ::testing::Test, public GrpcEvents {
 protected:
  void start() {
    call = std::make_unique<GrpcCall>(client, 7, GrpcRequest{.method = "/shop.Cart/Watch"}, options,
                                      *this);
  }
  void unary(std::string_view message) {
    single = grpcUnary(client, 7, {.method = "/shop.Cart/Get", .message = asBytes(message)},
                       options, [this](GrpcReply made) { reply = std::move(made); });
  }
  std::string sentHeader(std::string_view name) {
    for (const auto& [each, value] : client.last().headers) {
      if (each == name) return value;
    }
    return "none";
  }
  void head(BodyKind kind = BodyKind::kStream) {
    client.last().head(200, kind, {{"content-type", "application/grpc+proto"}});
  }
  void end(std::string_view code, std::string_view message = {}) {
    client.last().trailer("grpc-status", code);
    client.last().trailer("grpc-message", message);
    client.last().end();
  }
  GrpcCode code() { return ended.at(0).code; }

  void onMetadata(const Headers&) override { told += "metadata "; }
  void onMessage(Bytes message) override {
    told.append(asText(message)) += ' ';
    if (cancels) call.reset();
  }
  void onEnd(const GrpcStatus& status) override { ended.push_back(status); }
  void onDrained() override { told += "drained "; }

  event::Loop loop{event::Loop::Time::kManual};
  test::FakeClient client{loop};
  GrpcOptions options;
  std::string told;
  std::vector<GrpcStatus> ended;
  bool cancels = false;
  std::unique_ptr<GrpcCall> call;
  std::unique_ptr<GrpcUnary> single;
  std::optional<GrpcReply> reply;
};

TEST_F(GrpcCallTest, TheRequestIsThatOfGrpc) {
  start();
  EXPECT_EQ(client.last().method, "POST");
  EXPECT_EQ(client.last().target, "/shop.Cart/Watch");
  EXPECT_EQ(sentHeader("content-type"), "application/grpc");
  EXPECT_EQ(sentHeader("grpc-timeout"), "5000m");
  EXPECT_EQ(client.last().options.timeout, Milliseconds(5'000));
  EXPECT_TRUE(client.last().accepts_trailers);
}

TEST_F(GrpcCallTest, ADeadlineHasAtMostEightDigits) {
  options.deadline = Milliseconds(100'000'001);
  start();
  EXPECT_EQ(sentHeader("grpc-timeout"), "100001S");
}

TEST_F(GrpcCallTest, WithoutADeadlineNoneIsSent) {
  options.deadline = Milliseconds(0);
  start();
  EXPECT_EQ(sentHeader("grpc-timeout"), "none");
}

TEST_F(GrpcCallTest, MessagesGoBothWaysUntilTheStatus) {
  start();
  call->send(asBytes("one"));
  call->send({});
  EXPECT_EQ(client.last().body, framedText("one") + framedText(""));
  EXPECT_FALSE(client.last().finished);
  head();
  const std::string body = framedText("reply") + framedText("again");
  client.last().piece(body.substr(0, 7));
  client.last().piece(body.substr(7));
  call->finish();
  EXPECT_TRUE(client.last().finished);
  EXPECT_TRUE(ended.empty());
  end("0");
  EXPECT_EQ(told, "metadata reply again ");
  EXPECT_TRUE(ended.at(0).ok());
}

TEST_F(GrpcCallTest, AStatusAloneIsEnough) {
  start();
  client.last().head(
      200, BodyKind::kNone,
      {{"content-type", "application/grpc"}, {"grpc-status", "7"}, {"grpc-message", "not%20you"}});
  client.last().end();
  EXPECT_EQ(told, "");
  EXPECT_EQ(code(), GrpcCode::kPermissionDenied);
  EXPECT_EQ(ended[0].message, "not you");
  EXPECT_EQ(ended[0].reason, Reason::kNone);
}

TEST_F(GrpcCallTest, AResponseThatIsNotGrpcHasTheStatusOfItsHttpStatus) {
  start();
  client.last().head(503, BodyKind::kStream, {{"content-type", "text/html"}});
  EXPECT_EQ(code(), GrpcCode::kUnavailable);
  EXPECT_TRUE(client.last().cancelled);
}

TEST_F(GrpcCallTest, A200ThatIsNotGrpcIsUnknown) {
  start();
  client.last().head(200, BodyKind::kStream, {{"content-type", "application/grpcx"}});
  EXPECT_EQ(code(), GrpcCode::kUnknown);
}

TEST_F(GrpcCallTest, ATruncatedMessageIsNoSuccess) {
  start();
  head();
  client.last().piece(framedText("message").substr(0, 8));
  end("0");
  EXPECT_EQ(code(), GrpcCode::kInternal);
}

TEST_F(GrpcCallTest, AMessageOverTheLimitEndsTheCall) {
  options.max_message = 4;
  start();
  head();
  client.last().piece(framedText("1234") + framedText("12345").substr(0, 5));
  EXPECT_EQ(told, "metadata 1234 ");
  EXPECT_EQ(code(), GrpcCode::kResourceExhausted);
  EXPECT_TRUE(client.last().cancelled);
}

TEST_F(GrpcCallTest, FailuresOfTheTransportHaveAStatus) {
  const auto failed = [this](Reason reason, ErrorCode error, Origin origin = Origin::kUpstream) {
    ended.clear();
    start();
    client.last().fail(reason, {error, origin, "what"});
    EXPECT_EQ(ended.at(0).reason, reason);
    return code();
  };
  EXPECT_EQ(failed(Reason::kUpstreamTimeout, ErrorCode::kTimeout, Origin::kLocal),
            GrpcCode::kDeadlineExceeded);
  EXPECT_EQ(failed(Reason::kPerTryTimeout, ErrorCode::kTimeout), GrpcCode::kUnavailable);
  EXPECT_EQ(failed(Reason::kQueueTimeout, ErrorCode::kTimeout, Origin::kLocal),
            GrpcCode::kUnavailable);
  EXPECT_EQ(failed(Reason::kUpstreamConnectTimeout, ErrorCode::kTimeout), GrpcCode::kUnavailable);
  EXPECT_EQ(failed(Reason::kUpstreamConnectRefused, ErrorCode::kRefused), GrpcCode::kUnavailable);
  EXPECT_EQ(failed(Reason::kUpstreamProtocolError, ErrorCode::kProtocol), GrpcCode::kInternal);
  EXPECT_EQ(failed(Reason::kUpstreamProtocolError, ErrorCode::kTooLarge),
            GrpcCode::kResourceExhausted);
}

TEST_F(GrpcCallTest, AMessageMayCancelTheCall) {
  cancels = true;
  start();
  head();
  client.last().piece(framedText("one") + framedText("two"));
  EXPECT_EQ(told, "metadata one ");
  EXPECT_TRUE(client.last().cancelled);
  loop.advance(Milliseconds(0));
  EXPECT_TRUE(ended.empty());
}

TEST_F(GrpcCallTest, PausesAndDrains) {
  start();
  client.last().queued = 9'000;
  EXPECT_EQ(call->queued(), 9'000U);
  client.last().drain();
  EXPECT_EQ(told, "drained ");
  call->setReading(false);
  EXPECT_FALSE(client.last().reading);
}

TEST_F(GrpcCallTest, AnEndedCallIgnoresWhatIsSent) {
  start();
  client.last().fail(Reason::kUpstreamConnectRefused, {ErrorCode::kRefused, Origin::kUpstream, ""});
  call->send(asBytes("late"));
  call->finish();
  EXPECT_EQ(call->queued(), 0U);
  EXPECT_EQ(client.last().body, "");
}

TEST_F(GrpcCallTest, AUnaryCallHasOneMessageEachWay) {
  unary("question");
  EXPECT_EQ(client.last().body, framedText("question"));
  head();
  client.last().piece(framedText("answer"));
  EXPECT_FALSE(reply);
  end("0");
  EXPECT_TRUE(reply->status.ok());
  EXPECT_EQ(reply->message, "answer");
}

TEST_F(GrpcCallTest, AUnaryCallWithoutAMessageIsNoSuccess) {
  unary("question");
  head();
  end("0");
  EXPECT_EQ(reply->status.code, GrpcCode::kInternal);
}

TEST_F(GrpcCallTest, AUnaryCallWithTwoMessagesIsNoSuccess) {
  unary("question");
  head();
  client.last().piece(framedText("a") + framedText("b"));
  EXPECT_EQ(reply->status.code, GrpcCode::kInternal);
  EXPECT_TRUE(client.last().cancelled);
}

TEST_F(GrpcCallTest, AUnaryCallMayFailAfterItsMessage) {
  unary("question");
  head();
  client.last().piece(framedText("a"));
  end("13", "no");
  EXPECT_EQ(reply->status.message, "no");
  EXPECT_EQ(reply->message, "");
}

TEST_F(GrpcCallTest, NothingFollowsTheDestructionOfAUnaryCall) {
  unary("question");
  single.reset();
  EXPECT_TRUE(client.last().cancelled);
}

}  // namespace
}  // namespace weir::http
