#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/filters.h"
#include "tests/core/proxy/fixture.h"

namespace weir::test {

// A response, or the request that an upstream received.
struct BenchMessage {
  int status = 0;                              // of a response
  std::string start;                           // the first line
  std::map<std::string, std::string> headers;  // by name in lower case
  std::string body;                            // without chunk framing
  std::string reason;                          // x-weir-reason; empty if there is none
  std::string raw;
  bool complete = false;

  std::string header(std::string_view name) const;  // empty if it is missing
};

// A filter in a real exchange, between a client and an upstream in memory, with manual time:
//
//   FilterBench bench("address_list", "allow = ['10.0.0.0/8']");
//   bench.from("10.1.2.3");
//   EXPECT_EQ(bench.get("/").status, 200);
//
// The route has the filter (or filters, see the second constructor) and the upstream responds with
// answer(). At its end it checks that nothing is left open.
class FilterBench : private proxy::ProxyTest {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  // `settings`: of the filter, as TOML inline.
  FilterBench(std::string_view kind, std::string_view settings);
  // `filters`: the complete list, such as "[{ fault = {} }, { grpc_web = {} }]".
  explicit FilterBench(std::string_view filters);

  // The address of the clients that follow, or "unix:PATH".
  void from(std::string_view address);
  // Makes every client a trusted proxy. Call it before the first request.
  void trustClients();
  // The response of the upstream.
  void answer(std::string_view body, const Headers& headers = {}, int status = 200);
  void answerRaw(std::string text) { answer_ = std::move(text); }
  // The response of another upstream, "service", which filters may ask. Without a call it sends
  // none.
  void serviceAnswers(std::string_view body, const Headers& headers = {}, int status = 200);
  // The same, to requests as well that it has received already.
  void serviceAnswersLate(std::string_view body, const Headers& headers = {}, int status = 200);

  // One request on a new connection, and what has arrived at the end of the turn.
  BenchMessage get(std::string_view target = "/", const Headers& headers = {});
  BenchMessage post(std::string_view body, const Headers& headers = {});
  // In pieces: the first, on a new connection, begins with the head.
  void begin(std::string_view head);
  void send(std::string_view bytes);
  BenchMessage reply();  // so far, to the latest request
  void leave();          // closes the client's connection

  void pass(Milliseconds time) { ProxyTest::pass(time); }
  // Runs what filters have posted to the control thread.
  void runPosted();
  // The complete requests that reached the upstream.
  const std::vector<BenchMessage>& seen() const { return seen_; }
  // The complete requests that reached "service".
  const std::vector<BenchMessage>& asked() const { return asked_; }
  // Number of local replies of this filter.
  std::uint64_t replies(std::string_view kind, int status, Reason reason);
  Reason loggedReason() const { return logged().reason; }
  NameId nameId(std::string_view name) { return id(name); }
  std::uint64_t counted(CounterKey key) { return count(key); }
  std::int64_t measured(GaugeKey key) { return gauge(key); }

 private:
  void TestBody() override {}
  void serve(test::StreamPeer& upstream);
  bool isService(const test::StreamPeer& upstream) const;

  std::string filters_;
  std::string answer_;
  std::string service_answer_;
  std::vector<BenchMessage> seen_;
  std::vector<BenchMessage> asked_;
  std::vector<test::StreamPeer*> unanswered_;  // connections to "service"
  std::string client_address_ = "203.0.113.7:5000";
  test::StreamPeer* client_ = nullptr;
};

}  // namespace weir::test
