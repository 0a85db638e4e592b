#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/http/h2/pair.h"

// Protocol errors of a client, frame by frame (RFC 9113).
namespace weir::http::h2 {
namespace {

using namespace std::string_literals;
using test::CodecPair;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// GET / of http://a, with indexes into the static table (RFC 7541, appendix A).
const std::string kGet =
    "\x82\x86\x84\x41\x01"
    "a";

enum Type : char { kData, kHeaders, kPriority, kReset, kSettings, kPushPromise, kPing, kGoaway };

std::string frame(Type type, char flags, unsigned stream, std::string_view payload) {
  std::string text;
  text.push_back(static_cast<char>(payload.size() >> 16));
  text.push_back(static_cast<char>(payload.size() >> 8));
  text.push_back(static_cast<char>(payload.size()));
  text.push_back(type);
  text.push_back(flags);
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    text.push_back(static_cast<char>(stream >> shift));
  return text.append(payload);
}

const std::string kCancel = "\0\0\0\x08"s;
// The same without indexing, and one that adds a field of 3,900 bytes to the table, with index 62
// from then on.
const std::string kUnindexedGet =
    "\x82\x86\x84\x01\x01"
    "a";
const std::string kBomb = kUnindexedGet +
                          "\x40\x01"
                          "a"
                          "\x7f\xbd\x1d" +
                          std::string(3900, 'v');

// The server side of a CodecPair; the test supplies the bytes of the client.
class ServerFrames : public testing::Test {
 protected:
  void SetUp() override {
    pair.settle();  // completes the SETTINGS exchange of the pair's own client
  }
  void send(const std::string& bytes) {
    pair.server().feed(asBytes(bytes));
    pair.loop().runOnce();
  }
  bool closed() const { return const_cast<CodecPair&>(pair).toClient().closed; }
  // True if the last frame was GOAWAY with that code.
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

// RFC 9110, 4.2.3. The authority is forwarded as sent.
TEST_F(ServerFrames, ADefaultPortIsNoOtherHost) {
  struct Case {
    const char* scheme;  // index into the static table
    std::string authority;
    std::string host;
    bool same;
  };
  const Case cases[] = {
      {"\x86", "a", "a:80", true},       {"\x87", "a:443", "A", true},
      {"\x87", "a", "a:443", true},      {"\x86", "a:", "a", true},
      {"\x86", "a:443", "a", false},     {"\x87", "a:80", "a", false},
      {"\x86", "a:80", "a:8080", false},
  };
  const auto literal = [](char index, const std::string& value) {
    return std::string(1, index) + static_cast<char>(value.size()) + value;
  };
  unsigned id = 1;
  std::size_t heard = 0;
  for (const Case& each : cases) {
    SCOPED_TRACE(each.authority + " and " + each.host);
    send(frame(kHeaders, 5, id,
               "\x82\x84" + std::string(each.scheme) + literal('\x01', each.authority) +
                   "\x0f\x17" + static_cast<char>(each.host.size()) + each.host));
    id += 2;
    EXPECT_EQ(pair.heard(heard).failed.has_value(), !each.same);
    EXPECT_EQ(pair.heard(heard).request().authority, each.authority);
    if (each.same) pair.heard(heard).answer(204);
    ++heard;
  }
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
  for (unsigned i = 0; i < 8; ++i) {
    const unsigned stream = 2 * i + 1;
    send(frame(kHeaders, 5, stream, kGet) + frame(kReset, 0, stream, "\0\0\0\x08"s));
  }
  EXPECT_THAT(pair.floods(), ElementsAre(Flood::kResets));
  EXPECT_TRUE(closed());
}

TEST(ServerAllowances, MayBeMoreGenerousThanTheLibrary) {
  Options options;
  options.resets = {.burst = 5'000, .per_second = 0};
  CodecPair pair(options);
  pair.settle();
  for (unsigned i = 0; i < 3'000; ++i) {
    const unsigned stream = 2 * i + 1;
    pair.server().feed(
        asBytes(frame(kHeaders, 5, stream, kGet) + frame(kReset, 0, stream, kCancel)));
    pair.loop().runOnce();
  }
  EXPECT_TRUE(pair.floods().empty());
  EXPECT_FALSE(pair.toClient().closed);
}

// gRPC measures bandwidth with one PING per round trip.
TEST_F(ServerFrames, APingForEachAnswerIsNoFlood) {
  for (unsigned i = 0; i < 100; ++i) {
    send(frame(kHeaders, 5, 2 * i + 1, kGet));
    pair.heard(i).answer(200, "x");
    send(frame(kPing, 0, 0, "12345678"));
  }
  EXPECT_TRUE(pair.floods().empty());
  EXPECT_FALSE(closed());
}

TEST_F(ServerFrames, APingForEachPieceOfABodyIsNoFlood) {
  send(frame(kHeaders, 4, 1, kGet));
  for (int i = 0; i < 100; ++i) send(frame(kData, 0, 1, "x") + frame(kPing, 0, 0, "12345678"));
  EXPECT_TRUE(pair.floods().empty());
  pair.heard().answer(204);
}

TEST_F(ServerFrames, PaddingIsNoWork) {
  send(frame(kHeaders, 4, 1, kGet));
  for (int i = 0; i < 8; ++i) send(frame(kData, 8, 1, "\x01\0"s));
  EXPECT_THAT(pair.floods(), ElementsAre(Flood::kEmpty));
}

TEST_F(ServerFrames, AnsweredRequestsAllowOthersToBeTakenBack) {
  for (unsigned i = 0; i < 100; ++i) {
    send(frame(kHeaders, 5, 4 * i + 1, kGet));
    pair.heard(2 * i).answer(204);
    pair.loop().runOnce();
    send(frame(kHeaders, 5, 4 * i + 3, kGet) + frame(kReset, 0, 4 * i + 3, kCancel));
  }
  EXPECT_TRUE(pair.floods().empty());
}

TEST_F(ServerFrames, AResetAfterTheHeadOfTheAnswerCountsLess) {
  for (unsigned i = 0; i < 50; ++i) {
    send(frame(kHeaders, 5, 2 * i + 1, kGet));
    http::Response response(pair.heard(i).arena);
    response.status = 200;
    response.body = http::BodyKind::kStream;
    pair.heard(i).responder->sendHead(response);
    pair.loop().runOnce();
    send(frame(kReset, 0, 2 * i + 1, kCancel));
  }
  EXPECT_TRUE(pair.floods().empty());
  send(frame(kHeaders, 5, 101, kGet) + frame(kReset, 0, 101, kCancel));
  EXPECT_THAT(pair.floods(), ElementsAre(Flood::kResets));
}

// Streams that weir must reset count as well: a client could provoke them (CVE-2025-8671).
TEST_F(ServerFrames, RequestsThatWeMustResetTooOften) {
  for (unsigned i = 0; i < 8; ++i) {
    const unsigned stream = 2 * i + 1;
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

TEST_F(ServerFrames, CrumbsOfACookieAreOneFieldForTheLimit) {
  std::string head = kGet;
  for (int i = 0; i < 150; ++i)
    head +=
        "\x60\x03"
        "a=1"s;
  send(frame(kHeaders, 5, 1, head));
  EXPECT_EQ(pair.heard().failed, std::nullopt);
  EXPECT_EQ(pair.heard().request().headers.size(), 1U);
  pair.heard().answer(204);
}

// A head with indexed fields only: one byte each.
TEST_F(ServerFrames, AHeadThatIsTooLargeIsAnsweredAndThenNotDecodedAnyFurther) {
  send(frame(kHeaders, 5, 1, kBomb + std::string(7, '\xbe')));
  EXPECT_EQ(pair.heard(0).failed, std::nullopt);
  send(frame(kHeaders, 5, 3, kUnindexedGet + std::string(9, '\xbe')));
  EXPECT_EQ(pair.heard(1).failed, ErrorCode::kTooLarge);
  send(frame(kHeaders, 5, 5, kUnindexedGet + std::string(16'000, '\xbe')));
  EXPECT_EQ(pair.heard(2).failed, ErrorCode::kTooLarge);
  EXPECT_FALSE(pair.heard(2).head);
  // The HPACK state is in sync.
  send(frame(kHeaders, 5, 7, kUnindexedGet + "\xbe"));
  EXPECT_EQ(pair.heard(3).request().headers.get("a"), std::string(3900, 'v'));
  EXPECT_TRUE(pair.floods().empty());
  pair.heard(0).answer(204);
  pair.heard(3).answer(204);
}

TEST_F(ServerFrames, HeadsTooLargeTooOften) {
  send(frame(kHeaders, 5, 1, kBomb));
  pair.heard(0).answer(204);
  for (unsigned i = 1; i < 13; ++i) {
    send(frame(kHeaders, 5, 2 * i + 1, kUnindexedGet + std::string(16'000, '\xbe')));
  }
  EXPECT_THAT(pair.floods(), ElementsAre(Flood::kHeads));
  EXPECT_TRUE(saidGoaway(11));
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

// A client with a window of 0: responses wait.
class UnreadAnswers : public testing::Test {
 protected:
  static constexpr std::size_t kAnswer = 50'000;
  static Options small() {
    Options options;
    options.buffer_limit = 3 * kAnswer;
    return options;
  }
  void SetUp() override {
    pair.settle();
    send(frame(kSettings, 0, 0, "\0\x04\0\0\0\0"s));
  }
  void send(const std::string& bytes) {
    pair.server().feed(asBytes(bytes));
    pair.loop().runOnce();
  }
  void request(unsigned stream) {
    send(frame(kHeaders, 5, stream, kUnindexedGet));
    pair.heard(pair.heardCount() - 1).answer(200, std::string(kAnswer, 'x'));
    pair.loop().runOnce();
  }
  // The number of RST_STREAM frames with that code.
  int resets(char code) {
    const std::string wanted = "\0\0\4\3\0"s;
    int count = 0;
    const std::string& sent = pair.toClient().bytes;
    for (std::size_t at = sent.find(wanted); at != std::string::npos;
         at = sent.find(wanted, at + 1)) {
      if (sent[at + 12] == code) ++count;
    }
    return count;
  }

  CodecPair pair{small()};
};

TEST_F(UnreadAnswers, AreResetWhenTheClientTakesNothingOfThem) {
  request(1);
  request(3);
  EXPECT_EQ(pair.server().unsent(), 2 * kAnswer);
  for (int second = 0; second < 59; ++second) {
    pair.loop().advance(Milliseconds(1'000));
    send(frame(kPing, 0, 0, "12345678"));
    // One of the streams is read: a WINDOW_UPDATE of one byte per second.
    send(frame(static_cast<Type>(8), 0, 3, "\0\0\0\1"s));
  }
  EXPECT_TRUE(pair.unread().empty());
  pair.loop().advance(Milliseconds(61'000));
  send(frame(static_cast<Type>(8), 0, 3, "\0\0\0\1"s));
  pair.loop().advance(Milliseconds(61'000));
  EXPECT_THAT(pair.unread(), ElementsAre(Unread::kTimeout));
  EXPECT_EQ(resets(8), 1);
  EXPECT_EQ(pair.server().unsent(), kAnswer - 60);
  EXPECT_FALSE(pair.toClient().closed);
}

TEST_F(UnreadAnswers, HaveALimitForEachConnection) {
  for (unsigned i = 0; i < 5; ++i) request(2 * i + 1);
  EXPECT_THAT(pair.unread(), ElementsAre(Unread::kMemory, Unread::kMemory));
  EXPECT_EQ(resets(11), 2);
  EXPECT_EQ(pair.server().unsent(), 3 * kAnswer);
  // Bytes that the client reads free their memory.
  send(frame(static_cast<Type>(8), 0, 1, "\0\1\0\0"s));
  EXPECT_EQ(pair.server().unsent(), 2 * kAnswer);
  request(11);
  EXPECT_EQ(pair.unread().size(), 2U);
}

TEST_F(UnreadAnswers, AreResetWhenTheProcessIsShortOfMemory) {
  event::MemoryBudget budget;
  budget.setThresholds(1, 100'000);
  pair.loop().setBudget(budget);
  for (unsigned i = 0; i < 4; ++i) request(2 * i + 1);
  EXPECT_FALSE(pair.unread().empty());
  EXPECT_THAT(pair.unread(), testing::Each(Unread::kMemory));
  EXPECT_LT(pair.server().unsent(), 3 * kAnswer);
}

TEST_F(UnreadAnswers, EndTheConnectionWhenTheWireTakesNothing) {
  request(1);
  pair.toClient().full = true;
  for (int i = 0; i < 3; ++i) pair.loop().advance(Milliseconds(60'000));
  EXPECT_THAT(pair.unread(), testing::Contains(Unread::kTimeout));
  EXPECT_TRUE(pair.toClient().closed);
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
