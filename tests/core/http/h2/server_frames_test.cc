#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/http/h2/pair.h"

// What a client may do wrong, frame by frame (RFC 9113).
namespace weir::http::h2 {
namespace {

using namespace std::string_literals;
using test::CodecPair;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// GET / of http://a, in literals of the static table (RFC 7541, appendix A).
const std::string kGet =
    "\x82\x86\x84\x41\x01"
    "a";

enum Type : char { kData, kHeaders, kPriority, kReset, kSettings, kPushPromise, kPing, kGoaway };

std::string frame(Type type, char flags, char stream, std::string_view payload) {
  std::string text;
  text.push_back(static_cast<char>(payload.size() >> 16));
  text.push_back(static_cast<char>(payload.size() >> 8));
  text.push_back(static_cast<char>(payload.size()));
  text.push_back(type);
  text.push_back(flags);
  text.append("\0\0\0"s).push_back(stream);
  return text.append(payload);
}

// The server's side of a CodecPair, whose client sends bytes of the test's.
class ServerFrames : public testing::Test {
 protected:
  void SetUp() override {
    pair.settle();  // the pair's own client has greeted
  }
  void send(const std::string& bytes) {
    pair.server().feed(asBytes(bytes));
    pair.loop().runOnce();
  }
  bool closed() const { return const_cast<CodecPair&>(pair).toClient().closed; }
  // GOAWAY with that code was the last frame.
  bool saidGoaway(char code) {
    const std::string& sent = pair.toClient().bytes;
    const std::string end = "\0\0\0"s + code;
    return sent.size() >= 17 && sent.ends_with(end) && sent[sent.size() - 14] == kGoaway;
  }

  static Options strict() {
    Options options;
    options.resets = options.control = {.burst = 5, .per_second = 1};
    return options;
  }

  CodecPair pair{strict()};
};

TEST_F(ServerFrames, ARequestOfPlainFrames) {
  send(frame(kHeaders, 5, 1, kGet));
  ASSERT_EQ(pair.heardCount(), 1U);
  EXPECT_EQ(pair.heard().request().authority, "a");
  EXPECT_EQ(pair.heard().request().path, "/");
  pair.heard().answer(204);
}

TEST_F(ServerFrames, CookiesAreOneFieldAgain) {
  send(frame(kHeaders, 5, 1,
             kGet + "\x60\x03"
                    "a=1"
                    "\x60\x03"
                    "b=2"));
  EXPECT_EQ(pair.heard().request().headers.get("cookie"), "a=1; b=2");
  EXPECT_EQ(pair.heard().request().headers.size(), 1U);
}

TEST_F(ServerFrames, HostStandsInForAuthorityButMustAgree) {
  send(frame(kHeaders, 5, 1,
             "\x82\x86\x84\x66\x01"
             "h"));
  EXPECT_EQ(pair.heard(0).request().authority, "h");
  EXPECT_EQ(pair.heard(0).request().headers.size(), 0U);
  send(frame(kHeaders, 5, 3,
             kGet + "\x66\x01"
                    "h"));
  EXPECT_EQ(pair.heard(1).failed, ErrorCode::kProtocol);
  pair.heard(0).answer(204);
}

TEST_F(ServerFrames, ALengthThatIsNotKept) {
  send(frame(kHeaders, 4, 1,
             kGet + "\x5c\x01"
                    "3"));
  ASSERT_TRUE(pair.heard().head);
  send(frame(kData, 1, 1, "toolong"));
  EXPECT_EQ(pair.heard().failed, ErrorCode::kProtocol);
  EXPECT_FALSE(closed());
}

TEST_F(ServerFrames, DataAfterTheEndOfAStream) {
  send(frame(kHeaders, 5, 1, kGet));
  pair.heard().answer(204);
  pair.loop().runOnce();
  send(frame(kData, 0, 1, "x"));
  EXPECT_TRUE(saidGoaway(5));
  EXPECT_TRUE(closed());
}

TEST_F(ServerFrames, WhatCrossesOurResetIsPassedOver) {
  send(frame(kHeaders, 4, 1, kGet));
  pair.heard().answer(413);
  pair.loop().runOnce();
  send(frame(kData, 0, 1, "still") + frame(kData, 1, 1, "coming"));
  EXPECT_FALSE(closed());
}

TEST_F(ServerFrames, AStreamThatGoesBackwards) {
  send(frame(kHeaders, 5, 5, kGet) + frame(kHeaders, 5, 3, kGet));
  EXPECT_TRUE(closed());
  EXPECT_EQ(pair.heard().failed, ErrorCode::kClosed);
}

TEST_F(ServerFrames, PingsTooMany) {
  for (int i = 0; i < 8; ++i) send(frame(kPing, 0, 0, "12345678"));
  EXPECT_THAT(pair.floods(), ElementsAre(Flood::kControl));
  EXPECT_TRUE(saidGoaway(11));
  EXPECT_TRUE(closed());
}

TEST_F(ServerFrames, ControlFramesAreForgivenWithTime) {
  for (int i = 0; i < 20; ++i) {
    send(frame(kPing, 0, 0, "12345678"));
    pair.loop().advance(Milliseconds(1'000));
  }
  EXPECT_TRUE(pair.floods().empty());
}

TEST_F(ServerFrames, SettingsTooMany) {
  for (int i = 0; i < 8; ++i) send(frame(kSettings, 0, 0, ""));
  EXPECT_THAT(pair.floods(), ElementsAre(Flood::kControl));
}

TEST_F(ServerFrames, EmptyFramesTooMany) {
  send(frame(kHeaders, 4, 1, kGet));
  for (int i = 0; i < 8; ++i) send(frame(kData, 0, 1, ""));
  EXPECT_THAT(pair.floods(), ElementsAre(Flood::kEmpty));
  EXPECT_EQ(pair.heard().failed, ErrorCode::kClosed);
}

TEST_F(ServerFrames, RequestsTakenBackTooOften) {
  for (char i = 0; i < 8; ++i) {
    const char stream = static_cast<char>(2 * i + 1);
    send(frame(kHeaders, 5, stream, kGet) + frame(kReset, 0, stream, "\0\0\0\x08"s));
  }
  EXPECT_THAT(pair.floods(), ElementsAre(Flood::kResets));
  EXPECT_TRUE(closed());
}

// What we must reset counts as well, or a client lets us do it (CVE-2025-8671).
TEST_F(ServerFrames, RequestsThatWeMustResetTooOften) {
  for (char i = 0; i < 8; ++i) {
    const char stream = static_cast<char>(2 * i + 1);
    send(frame(kHeaders, 4, stream,
               kGet + "\x5c\x01"
                      "1") +
         frame(kData, 1, stream, "22"));
  }
  EXPECT_THAT(pair.floods(), ElementsAre(Flood::kResets));
}

TEST_F(ServerFrames, ContinuationsTooMany) {
  std::string flood = frame(kHeaders, 1, 1, kGet);
  for (int i = 0; i < 100; ++i)
    flood += frame(static_cast<Type>(9), 0, 1,
                   "\x60\x03"
                   "a=1");
  send(flood);
  EXPECT_TRUE(closed());
}

TEST_F(ServerFrames, AnUpperCaseNameBreaksTheStream) {
  send(frame(kHeaders, 5, 1,
             kGet + "\x40\x01"
                    "X"
                    "\x01"
                    "y"));
  EXPECT_EQ(pair.heard().failed, ErrorCode::kProtocol);
  EXPECT_FALSE(pair.heard().head);
  EXPECT_FALSE(closed());
}

TEST_F(ServerFrames, ConnectionFieldsBreakTheStream) {
  send(frame(kHeaders, 5, 1,
             kGet + "\x40\x0a"
                    "connection"
                    "\x05"
                    "close"));
  EXPECT_EQ(pair.heard().failed, ErrorCode::kProtocol);
}

TEST_F(ServerFrames, AHeadThatDoesNotEndIsAPhaseOfItsOwn) {
  send(frame(kHeaders, 1, 1, kGet));
  EXPECT_EQ(pair.server().phase(), http::ServerCodec::Phase::kHead);
  pair.server().failHead({ErrorCode::kTimeout, Origin::kDownstream, "late"});
  pair.loop().runOnce();
  EXPECT_TRUE(closed());
  EXPECT_EQ(pair.heard().failed, ErrorCode::kClosed);
}

TEST(ServerPreface, OtherWordsEndTheConnection) {
  CodecPair pair;
  pair.server().feed(asBytes("GET / HTTP/1.1\r\nhost: a\r\n\r\n"));
  pair.loop().runOnce();
  EXPECT_TRUE(pair.toClient().closed);
}

TEST(ServerPreface, IsAPhaseOfHeadUntilSettingsCame) {
  CodecPair pair;
  pair.server().feed(asBytes(kPreface));
  EXPECT_EQ(pair.server().phase(), http::ServerCodec::Phase::kHead);
  pair.server().feed(asBytes(frame(kSettings, 0, 0, "")));
  EXPECT_EQ(pair.server().phase(), http::ServerCodec::Phase::kIdle);
}

}  // namespace
}  // namespace weir::http::h2
