#include <algorithm>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/filters.h"
#include "gateway/limit/rate_limit.h"
#include "tests/core/proxy/fixture.h"

// With a server that the test plays: outages, and what is asked.
namespace weir::gateway {
namespace {

using ::testing::HasSubstr;

class RateLimitFleet : public proxy::ProxyTest {
 protected:
  static constexpr std::string_view kServer = "10.0.8.1:80";

  RateLimitFleet() {
    addFilters(filters);
    clusters["limits"] = {{std::string(kServer)}};
    on_upstream = [this, http = on_upstream](test::StreamPeer& peer) {
      isServer(peer) ? play(peer) : http(peer);
    };
  }
  // One route with a limit of 5 at once and 1 per minute.
  void begin(std::string_view redis = "") {
    start(
        "[[route]]\nname = \"all\"\nupstream = \"orders\"\n"
        "filters = [{ rate_limit = { name = 'api', rate = '1/m', burst = 5, key = [], "
        "redis = { upstream = 'limits'" +
        std::string(redis) + " } } }]\n");
    pass(Milliseconds(50));
  }
  void away(bool yes) {
    const auto address = net::Address::parse(std::string(kServer)).value();
    using Outcome = test::MemoryConnector::Outcome;
    connector.setOutcome(address, yes ? Outcome::kRefuses : Outcome::kConnects);
  }
  // The statuses of the responses to so many requests.
  std::string statuses(int requests) {
    std::string all;
    for (int i = 0; i < requests; ++i) all += get().substr(9, 3) + " ";
    return all;
  }

  std::deque<std::string> answers;     // to the questions that follow; then there is none
  std::vector<std::string> questions;  // arguments, from the number of keys on

 private:
  bool isServer(const test::StreamPeer& peer) const {
    return std::any_of(arrivals.begin(), arrivals.end(), [&](const proxy::Arrival& each) {
      return each.peer.get() == &peer && each.to.text() == kServer;
    });
  }
  void play(test::StreamPeer& peer) {
    if (peer.closed() || peer.ended()) return;
    const std::string text = peer.takeReceived();
    for (std::size_t at = text.find('*'); at != std::string::npos;) {
      const std::size_t next = text.find("\r\n*", at);
      perform(peer, wordsOf(text.substr(at, next == std::string::npos ? next : next - at)));
      at = next == std::string::npos ? next : next + 2;
    }
  }
  // The words of a command, without their lengths.
  static std::vector<std::string> wordsOf(const std::string& command) {
    std::vector<std::string> words;
    std::size_t at = 0;
    while ((at = command.find("\r\n$", at)) != std::string::npos) {
      const std::size_t begin = command.find("\r\n", at + 3) + 2;
      words.push_back(command.substr(begin, command.find("\r\n", begin) - begin));
      at = begin - 2;
    }
    return words;
  }
  void perform(test::StreamPeer& peer, const std::vector<std::string>& words) {
    if (words.at(0) == "SCRIPT") return peer.send("$3\r\nsha\r\n");
    if (words.back().size() > 10) return peer.send(":1\r\n");  // the name of this instance
    std::string question;
    for (std::size_t i = 2; i < words.size(); ++i) question += words[i] + " ";
    questions.push_back(question);
    if (answers.empty()) return;
    peer.send(answers.front());
    answers.pop_front();
  }
};

TEST_F(RateLimitFleet, TheServerDecides) {
  begin();
  answers = {"*2\r\n:1\r\n:60000000000\r\n", "*2\r\n:0\r\n:290000000000\r\n"};
  EXPECT_EQ(statuses(2), "200 429 ");
  ASSERT_EQ(questions.size(), 2U);
  EXPECT_THAT(questions[0], HasSubstr(":1 1 60000000000 5 1 0 "));
}

TEST_F(RateLimitFleet, AnOutageIsLimitedByTheShareOfTheInstance) {
  away(true);
  begin();
  EXPECT_EQ(statuses(8), "200 200 200 200 200 429 429 429 ");
}

TEST_F(RateLimitFleet, AfterAnOutageTheServerIsChargedOnce) {
  away(true);
  begin();
  EXPECT_EQ(statuses(3), "200 200 200 ");
  away(false);
  pass(Milliseconds(5'000));
  answers = {"*3\r\n:1\r\n:240000000000\r\n:0\r\n", "*2\r\n:0\r\n:299000000000\r\n"};
  EXPECT_EQ(statuses(2), "200 429 ");
  ASSERT_EQ(questions.size(), 2U);
  EXPECT_THAT(questions[0], HasSubstr(" 2 60000000000 5 1 0 -3 "));
  EXPECT_THAT(questions[1], HasSubstr(" 1 60000000000 5 1 0 "));
}

TEST_F(RateLimitFleet, AChargeWithoutAReplyIsKept) {
  away(true);
  begin();
  EXPECT_EQ(statuses(3), "200 200 200 ");
  away(false);
  pass(Milliseconds(5'000));
  test::StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  turn();
  ASSERT_EQ(questions.size(), 1U);
  pass(Milliseconds(100));
  EXPECT_THAT(client.received(), HasSubstr("HTTP/1.1 200"));
  EXPECT_EQ(statuses(3), "200 429 429 ");
}

TEST_F(RateLimitFleet, ALeaseSavesQuestions) {
  begin(", accuracy = 'fast'");
  answers = {"*3\r\n:1\r\n:120000000000\r\n:1\r\n", "*3\r\n:1\r\n:180000000000\r\n:1\r\n"};
  EXPECT_EQ(statuses(2), "200 200 ");
  ASSERT_EQ(questions.size(), 2U);
  EXPECT_THAT(questions[0], HasSubstr(" 2 60000000000 5 1 0 1 "));
  // The renewal costs nothing and takes a lease.
  EXPECT_THAT(questions[1], HasSubstr(" 2 60000000000 5 0 0 1 "));
}

TEST_F(RateLimitFleet, ARefusalIsRememberedWithLeases) {
  begin(", accuracy = 'fast'");
  answers = {"*3\r\n:0\r\n:300000000000\r\n:0\r\n"};
  EXPECT_EQ(statuses(3), "429 429 429 ");
  EXPECT_EQ(questions.size(), 1U);
}

}  // namespace
}  // namespace weir::gateway
