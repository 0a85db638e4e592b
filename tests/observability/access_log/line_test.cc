#include "observability/access_log/line.h"

#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weir::access_log {
namespace {

constexpr std::size_t kNoLimit = 1000;

std::string escaped(Escape escape, std::string_view value, std::size_t limit = kNoLimit) {
  std::array<char, 2048> room;
  Line line(room, limit, escape);
  line.beginValue();
  line.value(value);
  line.endValue();
  return {room.data(), line.size()};
}

std::string json(std::string_view value) { return escaped(Escape::kJson, value); }
std::string plain(std::string_view value) { return escaped(Escape::kPlain, value); }

TEST(JsonEscape, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(json(""), "");
  EXPECT_EQ(json("/orders/7?a=b&c='d'<>~"), "/orders/7?a=b&c='d'<>~");
}

TEST(JsonEscape, EscapesQuotesAndControlBytes) {
  EXPECT_EQ(json("a\"b\\c"), "a\\\"b\\\\c");
  EXPECT_EQ(json("a\r\nb\tc"), "a\\r\\nb\\tc");
  EXPECT_EQ(json(std::string_view("\x00\x1f\x7f", 3)), "\\u0000\\u001f\\u007f");
}

TEST(JsonEscape, KeepsWellFormedUtf8) {
  const std::string_view text =
      "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xED\x9F\xBF \xF4\x8F\xBF\xBF";
  EXPECT_EQ(json(text), text);
}

TEST(JsonEscape, ReplacesEveryByteThatIsNotUtf8) {
  const std::string_view replaced = "\xEF\xBF\xBD";
  const auto times = [&](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += replaced;
    return text;
  };
  EXPECT_EQ(json("\x80"), times(1));                      // a lone continuation byte
  EXPECT_EQ(json("\xC3"), times(1));                      // truncated
  EXPECT_EQ(json("\xC3("), times(1) + "(");               // without a continuation byte
  EXPECT_EQ(json("\xC0\xAF"), times(2));                  // overlong
  EXPECT_EQ(json("\xE0\x80\xAF"), times(3));              // overlong
  EXPECT_EQ(json("\xF0\x80\x80\xAF"), times(4));          // overlong
  EXPECT_EQ(json("\xED\xA0\x80"), times(3));              // a surrogate
  EXPECT_EQ(json("\xF4\x90\x80\x80"), times(4));          // over U+10FFFF
  EXPECT_EQ(json("\xF5\x80\x80\x80\xFE\xFF"), times(6));  // never in UTF-8
  EXPECT_EQ(json("\xE2\x82"), times(2));                  // truncated
}

std::string everyPairWith(unsigned char first) {
  std::string text;
  for (int second = 0; second < 256; ++second) {
    text += static_cast<char>(first);
    text += static_cast<char>(second);
  }
  return text;
}

TEST(JsonEscape, GivesJsonForAnyBytes) {
  for (int first = 0; first < 256; ++first) {
    const std::string text = everyPairWith(static_cast<unsigned char>(first));
    std::array<char, 8192> room;
    Line line(room, room.size(), Escape::kJson);
    line.beginValue();
    line.value(text);
    line.endValue();
    const std::string quoted = "\"" + std::string(room.data(), line.size()) + "\"";
    EXPECT_TRUE(nlohmann::json::accept(quoted)) << first;
    EXPECT_EQ(quoted.find('\n'), std::string::npos);
  }
}

// A byte at each of sixteen positions, so that it is found at every alignment.
std::string amongOthers(char byte, std::size_t at) {
  std::string text(16, 'x');
  text[at] = byte;
  return text;
}

TEST(JsonEscape, FindsWhatMustBeEscapedAtAnyPlace) {
  for (std::size_t at = 0; at < 16; ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      const std::string text = amongOthers(static_cast<char>(byte), at);
      const bool is_plain = byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
      EXPECT_EQ(json(text) == text, is_plain) << byte << " at " << at;
      EXPECT_EQ(plain(text) == text, is_plain) << byte << " at " << at;
    }
  }
}

TEST(PlainEscape, LeavesPrintableTextAlone) { EXPECT_EQ(plain("/a b'?~"), "/a b'?~"); }

TEST(PlainEscape, MakesEverythingElseVisible) {
  EXPECT_EQ(plain("a\"b\\c"), "a\\\"b\\\\c");
  EXPECT_EQ(plain("x\n2026 GET /admin 200"), "x\\x0a2026 GET /admin 200");
  EXPECT_EQ(plain(std::string_view("\x00\x1b[2J\x7f\xC3\xA9", 8)), "\\x00\\x1b[2J\\x7f\\xc3\\xa9");
}

TEST(Line, CutsALongValueAndSaysSo) {
  EXPECT_EQ(escaped(Escape::kJson, "abcdefgh", 5), "abcde...");
  EXPECT_EQ(escaped(Escape::kJson, "abcde", 5), "abcde");
  EXPECT_EQ(escaped(Escape::kJson, "abcd\n", 5), "abcd...");            // no partial escape
  EXPECT_EQ(escaped(Escape::kJson, "abcd\xC3\xA9", 5), "abcd...");      // no partial character
  EXPECT_EQ(escaped(Escape::kPlain, "abc\x01 and more", 5), "abc...");  // nothing after a gap
}

TEST(Line, OverflowsWhenTheRoomEnds) {
  std::array<char, 8> room;
  Line line(room, kNoLimit, Escape::kJson);
  line.raw("12345678");
  EXPECT_FALSE(line.overflowed());
  line.raw("9");
  EXPECT_TRUE(line.overflowed());
  EXPECT_EQ(line.size(), 8U);
}

TEST(Line, OverflowsWhenAValueMeetsTheEndOfTheRoom) {
  std::array<char, 8> room;
  Line line(room, kNoLimit, Escape::kJson);
  line.beginValue();
  line.value("123456789");
  line.endValue();
  EXPECT_TRUE(line.overflowed());
}

std::string timeText(std::int64_t nanoseconds) {
  std::array<char, 64> room;
  Line line(room, kNoLimit, Escape::kJson);
  line.time(Nanoseconds(nanoseconds));
  return {room.data(), line.size()};
}

TEST(Line, WritesTimesInUtc) {
  EXPECT_EQ(timeText(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(timeText(951'827'696'000'001'999), "2000-02-29T12:34:56.000001Z");
  EXPECT_EQ(timeText(4'102'444'799'999'999'999), "2099-12-31T23:59:59.999999Z");
}

std::string secondsText(std::int64_t nanoseconds) {
  std::array<char, 64> room;
  Line line(room, kNoLimit, Escape::kJson);
  line.seconds(Nanoseconds(nanoseconds));
  return {room.data(), line.size()};
}

TEST(Line, WritesDurationsInSeconds) {
  EXPECT_EQ(secondsText(0), "0.000000");
  EXPECT_EQ(secondsText(1'234'999), "0.001234");
  EXPECT_EQ(secondsText(61'000'000'000), "61.000000");
}

}  // namespace
}  // namespace weir::access_log
