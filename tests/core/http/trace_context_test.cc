#include "core/http/trace_context.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace weir::http {
namespace {

constexpr std::string_view kTrace = "12345678901234567890123456789012";
constexpr std::string_view kParent = "00-12345678901234567890123456789012-1234567890123456-01";

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text(2 * bytes.size(), '?');
  writeHex(text.data(), bytes);
  return text;
}

class TraceHeadersTest : public ::testing::Test {
 protected:
  void add(std::string_view name, std::string_view value) { headers.add(name, value); }
  IncomingTrace read(std::vector<TraceFormat> formats) { return readTrace(headers, formats); }
  // The tracestate that continues these values.
  std::string stateOf(const std::vector<std::string>& values) {
    headers.clear();
    texts_.push_back(values);
    for (const std::string& value : texts_.back()) headers.add(HeaderId::kTracestate, value);
    return std::string(readTracestate(headers));
  }
  std::string text(std::string_view name) {
    return std::string(headers.joined(name).value_or("(none)"));
  }

  BlockPool pool{4096};
  Arena arena{pool};
  Headers headers{arena};

 private:
  std::vector<std::vector<std::string>> texts_;
};

TEST_F(TraceHeadersTest, ReadsTheExampleOfTheRecommendation) {
  const auto context = parseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  ASSERT_TRUE(context);
  EXPECT_EQ(hex(context->trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(hex(context->span_id), "00f067aa0ba902b7");
  EXPECT_TRUE(context->sampled);
  EXPECT_FALSE(context->random);
}

TEST_F(TraceHeadersTest, KnowsTheFlagsOfLevel2) {
  const auto flags = [](std::string_view digits) {
    const auto context =
        parseTraceparent("00-" + std::string(kTrace) + "-1234567890123456-" + std::string(digits));
    return context ? std::pair(context->sampled, context->random) : std::pair(false, false);
  };
  EXPECT_EQ(flags("00"), std::pair(false, false));
  EXPECT_EQ(flags("02"), std::pair(false, true));
  EXPECT_EQ(flags("03"), std::pair(true, true));
  EXPECT_EQ(flags("fd"), std::pair(true, false));  // unknown flags are ignored
}

TEST_F(TraceHeadersTest, ALaterVersionMayHaveMoreFields) {
  const std::string rest = "-12345678901234567890123456789012-1234567890123456-01";
  EXPECT_TRUE(parseTraceparent("cc" + rest));
  EXPECT_TRUE(parseTraceparent("cc" + rest + "-what-the-future-will-be-like"));
  EXPECT_FALSE(parseTraceparent("cc" + rest + ".what-the-future-will-be-like"));
  EXPECT_FALSE(parseTraceparent("00" + rest + "-what-the-future-will-be-like"));
  EXPECT_FALSE(parseTraceparent("00" + rest + "."));
  EXPECT_FALSE(parseTraceparent("ff" + rest));
}

TEST_F(TraceHeadersTest, RefusesMalformedParents) {
  for (const std::string_view value : {
           ".0-12345678901234567890123456789012-1234567890123456-01",
           "0.-12345678901234567890123456789012-1234567890123456-01",
           "000-12345678901234567890123456789012-1234567890123456-01",
           "0-12345678901234567890123456789012-1234567890123456-01",
           "00-00000000000000000000000000000000-1234567890123456-01",
           "00-.2345678901234567890123456789012-1234567890123456-01",
           "00-1234567890123456789012345678901.-1234567890123456-01",
           "00-123456789012345678901234567890123-1234567890123456-01",
           "00-1234567890123456789012345678901-1234567890123456-01",
           "00-12345678901234567890123456789012-0000000000000000-01",
           "00-12345678901234567890123456789012-.234567890123456-01",
           "00-12345678901234567890123456789012-12345678901234567-01",
           "00-12345678901234567890123456789012-123456789012345-01",
           "00-12345678901234567890123456789012-1234567890123456-.0",
           "00-12345678901234567890123456789012-1234567890123456-001",
           "00-12345678901234567890123456789012-1234567890123456-1",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00_12345678901234567890123456789012-1234567890123456-01",
           "",
       }) {
    EXPECT_FALSE(parseTraceparent(value)) << value;
  }
}

TEST_F(TraceHeadersTest, TwoParentsAreNone) {
  add("traceparent", kParent);
  add("traceparent", kParent);
  EXPECT_FALSE(read({TraceFormat::kW3c}).has_parent);
}

TEST_F(TraceHeadersTest, TheStateBelongsToAValidParent) {
  add("tracestate", "foo=1");
  EXPECT_FALSE(read({TraceFormat::kW3c}).has_parent);
  add("TraceParent", kParent);
  const IncomingTrace found = read({TraceFormat::kW3c});
  EXPECT_TRUE(found.has_parent);
  EXPECT_EQ(found.decision, true);
  EXPECT_EQ(found.context.state, "foo=1");
}

TEST_F(TraceHeadersTest, JoinsTheMembersOfTheState) {
  EXPECT_EQ(stateOf({"foo=1,bar=2", "rojo=1", "baz=3"}), "foo=1,bar=2,rojo=1,baz=3");
  EXPECT_EQ(stateOf({"foo=1", ""}), "foo=1");
  EXPECT_EQ(stateOf({"", "foo=1"}), "foo=1");
  EXPECT_EQ(stateOf({"foo=1 \t , \t bar=2, \t baz=3", ",,"}), "foo=1,bar=2,baz=3");
  EXPECT_EQ(stateOf({""}), "");
  EXPECT_EQ(stateOf({"a1_-*/@b2_-*/= !\"#$%&'()*+-./:;<>?@[\\]^_`{|}~"}),
            "a1_-*/@b2_-*/= !\"#$%&'()*+-./:;<>?@[\\]^_`{|}~");
}

TEST_F(TraceHeadersTest, AMalformedMemberDiscardsTheState) {
  for (const std::string value :
       {"foo=1,foo=2", "foo=1,foo=1", "foo =1", "FOO=1", "foo.bar=1", "foo@=1,bar=2",
        "@foo=1,bar=2", "foo@@bar=1,bar=2", "foo@bar@baz=1,bar=2", "foo=bar=baz", "foo=,bar=3",
        "foo", "=1", "foo=\x01", "foo=caf\xc3\xa9"}) {
    EXPECT_EQ(stateOf({value}), "") << value;
  }
  EXPECT_EQ(stateOf({"foo=1", "foo=2"}), "");
}

TEST_F(TraceHeadersTest, TheLimitsOfTheState) {
  const auto members = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      text += (i == 0 ? "m" : ",m") + std::to_string(i) + "=1";
    }
    return text;
  };
  EXPECT_EQ(stateOf({members(32)}), members(32));
  EXPECT_EQ(stateOf({members(33)}), "");
  EXPECT_NE(stateOf({std::string(256, 'z') + "=1"}), "");
  EXPECT_EQ(stateOf({std::string(257, 'z') + "=1"}), "");
  EXPECT_NE(stateOf({std::string(241, 't') + "@" + std::string(14, 'v') + "=1"}), "");
  EXPECT_EQ(stateOf({std::string(242, 't') + "@v=1"}), "");
  EXPECT_EQ(stateOf({"t@" + std::string(15, 'v') + "=1"}), "");
  EXPECT_NE(stateOf({"a=" + std::string(256, 'x')}), "");
  EXPECT_EQ(stateOf({"a=" + std::string(257, 'x')}), "");
}

TEST_F(TraceHeadersTest, ALongStateIsShortenedFromTheEnd) {
  const std::string first = "a=" + std::string(250, 'x');
  const std::string second = "b=" + std::string(257 - 2, 'y');  // 252 + 1 + 257 = 510
  EXPECT_EQ(stateOf({first, second, "c=1"}), first + "," + second);
  EXPECT_EQ(stateOf({first, second}), first + "," + second);
  EXPECT_EQ(stateOf({first, second + "z"}), first + "," + second + "z");
}

TEST_F(TraceHeadersTest, WritesTheHeadersOfTheRecommendation) {
  add("Traceparent", "garbage");
  add("tracestate", "old=1");
  TraceParent context = *parseTraceparent(kParent);
  context.random = true;
  writeTrace(headers, TraceFormat::kW3c, context);
  EXPECT_EQ(text("traceparent"), "00-12345678901234567890123456789012-1234567890123456-03");
  EXPECT_EQ(text("tracestate"), "(none)");
  context.state = "ot=th:8";
  context.sampled = false;
  writeTrace(headers, TraceFormat::kW3c, context);
  EXPECT_EQ(text("traceparent"), "00-12345678901234567890123456789012-1234567890123456-02");
  EXPECT_EQ(text("tracestate"), "ot=th:8");
}

TEST_F(TraceHeadersTest, ReadsB3InOneHeader) {
  add("b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90");
  const IncomingTrace found = read({TraceFormat::kW3c, TraceFormat::kB3});
  EXPECT_TRUE(found.has_parent);
  EXPECT_EQ(hex(found.context.trace_id), "80f198ee56343ba864fe8b2a57d3eff7");
  EXPECT_EQ(hex(found.context.span_id), "e457b5a2e4d86bd1");
  EXPECT_EQ(found.decision, true);
}

TEST_F(TraceHeadersTest, B3MayLeaveTheDecisionOpen) {
  add("b3", "64fe8b2a57d3eff7-e457b5a2e4d86bd1");
  const IncomingTrace found = read({TraceFormat::kB3});
  EXPECT_TRUE(found.has_parent);
  EXPECT_EQ(hex(found.context.trace_id), "000000000000000064fe8b2a57d3eff7");
  EXPECT_EQ(found.decision, std::nullopt);
}

TEST_F(TraceHeadersTest, B3MayBeADecisionAlone) {
  for (const auto& [value, decision] : {std::pair("0", false), std::pair("d", true)}) {
    headers.clear();
    add("b3", value);
    const IncomingTrace found = read({TraceFormat::kB3});
    EXPECT_FALSE(found.has_parent);
    EXPECT_EQ(found.decision, decision);
  }
}

TEST_F(TraceHeadersTest, RefusesMalformedB3) {
  for (const std::string_view value :
       {"x", "", "80f198ee56343ba864fe8b2a57d3eff7", "80f198ee56343ba864fe8b2a57d3eff7-e457",
        "80f198ee56343ba8-e457b5a2e4d86bd1-x", "0000000000000000-e457b5a2e4d86bd1-1",
        "80f198ee56343ba8-0000000000000000-1"}) {
    headers.clear();
    add("b3", value);
    EXPECT_FALSE(read({TraceFormat::kB3}).has_parent) << value;
    EXPECT_EQ(read({TraceFormat::kB3}).decision, std::nullopt) << value;
  }
}

TEST_F(TraceHeadersTest, ReadsAndWritesB3InSeveralHeaders) {
  add("X-B3-TraceId", "80f198ee56343ba864fe8b2a57d3eff7");
  add("X-B3-SpanId", "e457b5a2e4d86bd1");
  add("X-B3-ParentSpanId", "05e3ac9a4f6e3b90");
  add("X-B3-Flags", "1");
  const IncomingTrace found = read({TraceFormat::kB3Multi});
  EXPECT_TRUE(found.has_parent);
  EXPECT_EQ(found.decision, true);
  writeTrace(headers, TraceFormat::kB3Multi, *parseTraceparent(kParent));
  EXPECT_EQ(text("x-b3-traceid"), kTrace);
  EXPECT_EQ(text("x-b3-spanid"), "1234567890123456");
  EXPECT_EQ(text("x-b3-sampled"), "1");
  EXPECT_EQ(text("x-b3-parentspanid"), "(none)");
  EXPECT_EQ(text("x-b3-flags"), "(none)");
  writeTrace(headers, TraceFormat::kB3, *parseTraceparent(kParent));
  EXPECT_EQ(text("b3"), "12345678901234567890123456789012-1234567890123456-1");
}

TEST_F(TraceHeadersTest, TheFirstValidFormatCounts) {
  add("traceparent", "garbage");
  add("b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1");
  EXPECT_TRUE(read({TraceFormat::kW3c, TraceFormat::kB3}).has_parent);
  EXPECT_FALSE(read({TraceFormat::kW3c}).has_parent);
}

TEST_F(TraceHeadersTest, RemovesTheHeadersOfAFormat) {
  add("traceparent", kParent);
  add("tracestate", "a=1");
  add("b3", "0");
  add("x-b3-sampled", "0");
  add("x-b3-spanidx", "kept");
  for (const auto format : {TraceFormat::kW3c, TraceFormat::kB3, TraceFormat::kB3Multi}) {
    removeTrace(headers, format);
  }
  EXPECT_EQ(headers.size(), 1U);
  EXPECT_EQ(text("x-b3-spanidx"), "kept");
}

}  // namespace
}  // namespace weir::http
