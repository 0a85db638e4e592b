#include "observability/trace/worker_tracer.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/observability/otlp/decoded.h"
#include "tests/support/opened.h"

namespace weir::trace {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::Not;
using ::testing::Pair;

constexpr std::string_view kParent = "00-12345678901234567890123456789012-1234567890123456-01";
constexpr std::string_view kUnsampled = "00-12345678901234567890123456789012-1234567890123456-00";
constexpr Nanoseconds kStart = 1'000s;

std::string hexOf(std::string_view bytes) {
  std::string text(2 * bytes.size(), '?');
  const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  http::writeHex(text.data(), {data, bytes.size()});
  return text;
}

// A span as it was exported.
struct Span {
  std::map<std::uint32_t, std::vector<std::string>> fields;
  std::map<std::string, std::string> attributes;

  std::string at(std::uint32_t field) const {
    const auto found = fields.find(field);
    return found == fields.end() ? "" : found->second.at(0);
  }
  std::string traceId() const { return hexOf(at(1)); }
  std::string spanId() const { return hexOf(at(2)); }
  std::string parentId() const { return hexOf(at(4)); }
};

class WorkerTracerTest : public ::testing::Test {
 protected:
  WorkerTracerTest() {
    sampling.accept = {http::TraceFormat::kW3c};
    sampling.send = {http::TraceFormat::kW3c};
    request.method_text = "GET";
    request.authority = "shop.test:8443";
    request.path = "/cart";
    request.headers.add("user-agent", "test/1");
    record.method = http::Method::kGet;
    record.scheme = "https";
    record.authority = "shop.test:8443";
    record.path = "/cart";
    record.route = "cart";
    record.listener = "public";
    record.upstream = "orders";
    record.status = 200;
    record.start = kStart;
    record.times.total = 50ms;
    record.client_address = "203.0.113.7";
    record.request_headers = &request.headers;
    member.endpoint.address = net::Address::parse("10.0.0.1:80").value();
  }

  void open() {
    tracer_.reset();
    queue_ = std::make_unique<event::WriteQueue>(signal_);
    tracer_ = std::make_unique<WorkerTracer>(
        sampling,
        otlp::RecordQueue(event::WriteQueueHandle(queue_.get()), otlp::Signal::kTraces, cells),
        Random(7));
  }
  ~WorkerTracerTest() override { tracer_.reset(); }

  WorkerTracer& tracer() {
    if (tracer_ == nullptr) open();
    return *tracer_;
  }
  // Begins a trace with this traceparent.
  proxy::Trace& begin(std::string_view parent = {}, bool trusted = true) {
    if (!parent.empty()) request.headers.add("traceparent", parent);
    return tracer().begin(request, trusted);
  }
  void attempt(proxy::Trace& trace, const upstream::Outcome& outcome, Nanoseconds ended) {
    tracer().beginAttempt(trace, member, request);
    tracer().endAttempt(trace, member, outcome, ended);
  }
  std::string header(std::string_view name) {
    return std::string(request.headers.joined(name).value_or("(none)"));
  }
  std::vector<Span> spans() {
    tracer().flush();
    std::vector<Span> found;
    while (const auto block = queue_->front()) {
      auto records = test::decoded(*block);
      for (const std::string& each : records[2]) {
        Span span{test::decoded(each), {}};
        span.attributes = test::attributesOf(span.fields[9]);
        found.push_back(std::move(span));
      }
      queue_->pop(true);
    }
    return found;
  }

  MetricCells cells;
  Sampling sampling;
  BlockPool pool{4096};
  Arena arena{pool};
  http::Request request{arena};
  http::ExchangeRecord record;
  upstream::Member member;

 private:
  event::WriterSignal signal_ = test::opened(event::WriterSignal::open());
  std::unique_ptr<event::WriteQueue> queue_;
  std::unique_ptr<WorkerTracer> tracer_;
};

TEST_F(WorkerTracerTest, ASpanForTheRequestAndOneForEachAttempt) {
  proxy::Trace& trace = begin();
  attempt(trace, {upstream::AttemptOutcome::kError, Reason::kUpstreamConnectRefused, 0, 2ms, {}},
          10ms);
  attempt(trace, {upstream::AttemptOutcome::kOk, Reason::kNone, 200, 5ms, 4ms}, 40ms);
  const std::string sent = header("traceparent");
  record.attempts = 2;
  tracer().end(trace, record);
  const auto found = spans();
  ASSERT_EQ(found.size(), 3U);
  const Span& server = found[0];
  EXPECT_EQ(server.at(5), "GET cart");
  EXPECT_EQ(server.at(6), "2");
  EXPECT_EQ(server.at(7), "1000000000000");
  EXPECT_EQ(server.at(8), "1000050000000");
  EXPECT_EQ(server.parentId(), "");
  EXPECT_EQ(server.traceId(), trace.id);
  const Span& last = found[1];
  EXPECT_EQ(last.at(5), "GET");
  EXPECT_EQ(last.at(6), "3");
  EXPECT_EQ(last.parentId(), server.spanId());
  EXPECT_EQ(last.at(7), "1000035000000");
  EXPECT_EQ(last.at(8), "1000040000000");
  EXPECT_EQ(sent, "00-" + last.traceId() + "-" + last.spanId() + "-03");
  EXPECT_THAT(last.attributes, Contains(Pair("http.response.status_code", "200")));
  EXPECT_THAT(last.attributes, Contains(Pair("http.request.resend_count", "1")));
  const Span& first = found[2];
  EXPECT_THAT(first.attributes, Contains(Pair("error.type", "upstream_connect_refused")));
  EXPECT_THAT(first.attributes, Contains(Pair("network.peer.address", "10.0.0.1")));
  EXPECT_THAT(first.attributes, Contains(Pair("network.peer.port", "80")));
  EXPECT_EQ(test::decoded(first.at(15)).at(3).at(0), "2");
  EXPECT_FALSE(first.attributes.contains("http.request.resend_count"));
}

TEST_F(WorkerTracerTest, TheAttributesOfTheConventions) {
  record.query = "page=2&token=secret";
  tracer().end(begin(), record);
  const auto found = spans();
  ASSERT_EQ(found.size(), 1U);
  const std::map<std::string, std::string> expected = {{"http.request.method", "GET"},
                                                       {"url.scheme", "https"},
                                                       {"url.path", "/cart"},
                                                       {"url.query", "page=2&token=REDACTED"},
                                                       {"http.route", "cart"},
                                                       {"http.response.status_code", "200"},
                                                       {"network.protocol.version", "1.1"},
                                                       {"server.address", "shop.test"},
                                                       {"server.port", "8443"},
                                                       {"client.address", "203.0.113.7"},
                                                       {"user_agent.original", "test/1"},
                                                       {"weir.listener", "public"},
                                                       {"weir.upstream", "orders"}};
  EXPECT_EQ(found[0].attributes, expected);
}

TEST_F(WorkerTracerTest, AnUnknownMethodIsOther) {
  record.method = http::Method::kOther;
  record.method_text = "BREW";
  record.route = {};
  tracer().end(begin(), record);
  const auto found = spans();
  EXPECT_EQ(found.at(0).at(5), "HTTP");
  EXPECT_THAT(found[0].attributes, Contains(Pair("http.request.method", "_OTHER")));
  EXPECT_THAT(found[0].attributes, Contains(Pair("http.request.method_original", "BREW")));
}

TEST_F(WorkerTracerTest, AFailureHasAnErrorWithItsReason) {
  record.status = 503;
  record.reason = Reason::kNoHealthyUpstream;
  record.reason_detail = "no endpoint";
  tracer().end(begin(), record);
  const auto found = spans();
  const auto status = test::decoded(found.at(0).at(15));
  EXPECT_EQ(status.at(2).at(0), "no endpoint");
  EXPECT_EQ(status.at(3).at(0), "2");
  EXPECT_THAT(found[0].attributes, Contains(Pair("error.type", "no_healthy_upstream")));
}

TEST_F(WorkerTracerTest, AClientsMistakeIsNoErrorOfTheServer) {
  record.status = 404;
  record.reason = Reason::kNoRoute;
  tracer().end(begin(), record);
  EXPECT_EQ(spans().at(0).at(15), "");
}

TEST_F(WorkerTracerTest, ContinuesTheTraceOfATrustedClient) {
  request.headers.add("tracestate", "vendor=1");
  proxy::Trace& trace = begin(kParent);
  EXPECT_EQ(trace.id, "12345678901234567890123456789012");
  EXPECT_THAT(header("traceparent"), ::testing::StartsWith("00-12345678901234567890123456789012-"));
  EXPECT_THAT(header("traceparent"), Not(::testing::HasSubstr("1234567890123456-01")));
  EXPECT_EQ(header("tracestate"), "vendor=1");
  tracer().end(trace, record);
  const auto found = spans();
  EXPECT_EQ(found.at(0).parentId(), "1234567890123456");
  EXPECT_EQ(found[0].at(3), "vendor=1");
  EXPECT_EQ(found[0].at(16), std::to_string(0x301));  // sampled, the parent is remote
}

TEST_F(WorkerTracerTest, LinksToTheTraceOfAnotherClient) {
  proxy::Trace& trace = begin(kParent, false);
  EXPECT_NE(trace.id, "12345678901234567890123456789012");
  tracer().end(trace, record);
  const auto found = spans();
  EXPECT_EQ(found.at(0).at(4), "");
  auto link = test::decoded(found[0].at(13));
  EXPECT_EQ(hexOf(link[1].at(0)), "12345678901234567890123456789012");
  EXPECT_EQ(hexOf(link[2].at(0)), "1234567890123456");
}

TEST_F(WorkerTracerTest, TheParentDecides) {
  tracer().end(begin(kUnsampled), record);
  EXPECT_TRUE(spans().empty());
  EXPECT_THAT(header("traceparent"), ::testing::EndsWith("-00"));
}

TEST_F(WorkerTracerTest, UnlessTheRatioDoes) {
  sampling.parent_decides = false;
  tracer().end(begin(kUnsampled), record);
  EXPECT_EQ(spans().size(), 1U);
  EXPECT_THAT(header("traceparent"), ::testing::EndsWith("-01"));
}

TEST_F(WorkerTracerTest, OfAnUntrustedClientTheDecisionDoesNotCount) {
  tracer().end(begin(kUnsampled, false), record);
  EXPECT_EQ(spans().size(), 1U);
}

TEST_F(WorkerTracerTest, NothingIsSampledAtARatioOf0) {
  sampling.ratio = 0;
  for (int i = 0; i < 100; ++i) tracer().end(tracer().begin(request, true), record);
  EXPECT_TRUE(spans().empty());
  EXPECT_EQ(header("tracestate"), "(none)");
  EXPECT_THAT(header("traceparent"), ::testing::EndsWith("-02"));
}

TEST_F(WorkerTracerTest, ARatioSamplesItsShareAndSaysSo) {
  sampling.ratio = 0.25;
  sampling.parent = ParentTrust::kNone;
  int sampled = 0;
  for (int i = 0; i < 4'000; ++i) sampled += tracer().begin(request, true).context.sampled ? 1 : 0;
  EXPECT_NEAR(sampled, 1'000, 120);
  EXPECT_EQ(RatioSampler(0.25).state(), "ot=th:c");
  EXPECT_EQ(RatioSampler(1).state(), "ot=th:0");
  EXPECT_EQ(RatioSampler(0.5).state(), "ot=th:8");
  EXPECT_EQ(RatioSampler(0).state(), "");
}

TEST_F(WorkerTracerTest, TheThresholdComparesTheLast56Bits) {
  http::TraceId id{};
  id.fill(0xFF);
  id[9] = 0x80;
  EXPECT_TRUE(RatioSampler(0.5).samples(id));
  id[9] = 0x7F;
  EXPECT_FALSE(RatioSampler(0.5).samples(id));
  EXPECT_TRUE(RatioSampler(1).samples({}));
}

TEST_F(WorkerTracerTest, FailuresAreKeptIfTheTailWantsThem) {
  sampling.ratio = 0;
  sampling.tail.errors = true;
  tracer().end(begin(), record);
  EXPECT_TRUE(spans().empty());
  record.status = 503;
  proxy::Trace& trace = tracer().begin(request, false);
  attempt(trace, {upstream::AttemptOutcome::kOk, Reason::kNone, 503, 5ms, 4ms}, 40ms);
  tracer().end(trace, record);
  const auto found = spans();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found[0].attributes, Contains(Pair("weir.kept", "tail")));
  EXPECT_EQ(found[0].at(16), std::to_string(0x102));  // not sampled, random
}

TEST_F(WorkerTracerTest, SlowRequestsAreKeptIfTheTailWantsThem) {
  sampling.ratio = 0;
  sampling.tail.slower_than = 50ms;
  record.times.total = 49ms;
  tracer().end(begin(), record);
  EXPECT_TRUE(spans().empty());
  record.times.total = 50ms;
  tracer().end(tracer().begin(request, false), record);
  EXPECT_EQ(spans().size(), 1U);
}

TEST_F(WorkerTracerTest, FormatsThatAreNotSentAreRemoved) {
  sampling.accept = {http::TraceFormat::kB3, http::TraceFormat::kW3c};
  request.headers.add("b3", "12345678901234567890123456789012-1234567890123456-1");
  begin();
  EXPECT_EQ(header("b3"), "(none)");
  EXPECT_THAT(header("traceparent"), ::testing::StartsWith("00-12345678901234567890123456789012-"));
}

TEST_F(WorkerTracerTest, AttemptsThatSentNothingHaveASpan) {
  proxy::Trace& trace = begin();
  tracer().endAttempt(
      trace, member,
      {upstream::AttemptOutcome::kTimeout, Reason::kUpstreamConnectTimeout, 0, 5ms, {}}, 5ms);
  tracer().end(trace, record);
  const auto found = spans();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found[1].attributes, Contains(Pair("error.type", "upstream_connect_timeout")));
  EXPECT_FALSE(found[1].attributes.contains("url.full"));
}

TEST_F(WorkerTracerTest, TheUrlOfAnAttemptIsWhatWasSent) {
  proxy::Trace& trace = begin();
  request.authority = "internal.test";
  request.path = "/v2/cart";
  request.has_query = true;
  request.query = "code=1";
  attempt(trace, {upstream::AttemptOutcome::kOk, Reason::kNone, 200, 5ms, 4ms}, 40ms);
  trace.secure = true;
  tracer().end(trace, record);
  EXPECT_THAT(spans().at(1).attributes,
              Contains(Pair("url.full", "https://internal.test/v2/cart?code=REDACTED")));
}

TEST_F(WorkerTracerTest, BytesThatAreNotTextAreReplaced) {
  record.path = "/caf\xff";
  tracer().end(begin(), record);
  EXPECT_THAT(spans().at(0).attributes, Contains(Pair("url.path", "/caf?")));
}

TEST_F(WorkerTracerTest, SpansWithoutRoomAreDroppedAndCounted) {
  const std::string path(4'000, 'x');
  record.path = path;
  proxy::Trace& trace = begin();
  for (int i = 0; i < 4'000; ++i) tracer().end(trace, record);
  const auto dropped =
      cells.counter(otlp::exportDroppedKey(otlp::Signal::kTraces, otlp::DropCause::kQueueFull));
  EXPECT_GT(dropped.value(), 0U);
  EXPECT_EQ(spans().size() + dropped.value(), 4'000U);
}

}  // namespace
}  // namespace weir::trace
