#include "core/redis/servers.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/redis/cluster_map.h"
#include "tests/support/scripted_dialer.h"

namespace weir::redis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Script final : Evaluation {
  using Evaluation::Evaluation;
  void onResult(const Reply& reply) override { answers += std::string(reply.text()) + ","; }
  void onNoResult() override { answers += "none,"; }
  std::string answers;
};

class ServersTest : public ::testing::Test {
 protected:
  static Servers::Options options() {
    return {.upstream = 0,
            .name = "limits",
            .user = {},
            .password = {},
            .script = "S",
            .meanwhile = {}};
  }
  Client::Tools tools() { return {loop, random, dialer}; }
  void pass(Milliseconds time) {
    constexpr Milliseconds kStep{4};
    for (; time > Milliseconds(0); time -= kStep) loop.advance(std::min(time, kStep));
    loop.advance(Milliseconds(0));
  }
  // What a server has received since the last call.
  std::string received(const std::string& at) {
    loop.advance(Milliseconds(0));
    test::StreamPeer* const server = dialer.at(at);
    return server == nullptr ? "not connected" : server->takeReceived();
  }
  void reply(const std::string& at, std::string_view text) {
    ASSERT_NE(dialer.at(at), nullptr) << at;
    dialer.at(at)->send(text);
    loop.advance(Milliseconds(0));
  }
  static std::string text(std::string_view value) {
    return "$" + std::to_string(value.size()) + "\r\n" + std::string(value) + "\r\n";
  }
  bool evaluate(Script& run, std::string_view key = "{foo}") {
    words_ = {"1", key};
    return servers->evaluate(words_, run);
  }

  // All slots at one server.
  void beginCluster() {
    servers = Servers::ofCluster(options(), tools());
    received("any");
    reply("any", "$3\r\nsha\r\n");
    replyMap("0-16383");
    received("10.0.0.1:1");
    reply("10.0.0.1:1", "$3\r\nsha\r\n");
  }
  void replyMap(std::string_view first, std::string_view second = "") {
    const auto line = [](std::string_view at, std::string_view slots) {
      return "id " + std::string(at) + "@1 master - 0 0 1 connected " + std::string(slots) + "\n";
    };
    reply("any", text(line("10.0.0.1:1", first) + line("10.0.0.2:1", second)));
  }

  event::Loop loop{event::Loop::Time::kManual};
  Random random{1};
  test::ScriptedDialer dialer{loop};
  std::unique_ptr<Servers> servers;

 private:
  std::array<std::string_view, 2> words_;
};

constexpr std::string_view kQuestion =
    "*4\r\n$7\r\nEVALSHA\r\n$3\r\nsha\r\n$1\r\n1\r\n$5\r\n{foo}\r\n";

TEST_F(ServersTest, AScriptThatTheServerHasForgottenIsSentAgain) {
  servers = Servers::single(options(), tools());
  received("any");
  reply("any", "$3\r\nsha\r\n");
  Script run;
  ASSERT_TRUE(evaluate(run));
  EXPECT_EQ(received("any"), kQuestion);
  reply("any", "-NOSCRIPT No matching script.\r\n");
  EXPECT_THAT(received("any"), HasSubstr("$4\r\nEVAL\r\n$1\r\nS\r\n"));
  reply("any", "+yes\r\n");
  EXPECT_EQ(run.answers, "yes,");
}

TEST_F(ServersTest, AScriptOfItsOwnIsSentAsText) {
  servers = Servers::single(options(), tools());
  received("any");
  reply("any", "$3\r\nsha\r\n");
  Script run("own");
  ASSERT_TRUE(evaluate(run));
  EXPECT_THAT(received("any"), HasSubstr("$4\r\nEVAL\r\n$3\r\nown\r\n"));
  reply("any", "-ERR no\r\n");
  EXPECT_EQ(run.answers, "ERR no,");
}

TEST_F(ServersTest, NothingFollowsACancelledEvaluation) {
  servers = Servers::single(options(), tools());
  Script run;
  ASSERT_TRUE(evaluate(run));
  Servers::cancel(run);
  Servers::cancel(run);
  received("any");
  reply("any", "$3\r\nsha\r\n+yes\r\n");
  EXPECT_EQ(run.answers, "");
  EXPECT_TRUE(evaluate(run));
  reply("any", "+again\r\n");
  EXPECT_EQ(run.answers, "again,");
}

TEST_F(ServersTest, TheSentinelNamesThePrimary) {
  servers =
      Servers::bySentinel(options(), {.primary = "main", .user = {}, .password = "pw"}, tools());
  Script run;
  EXPECT_FALSE(evaluate(run));
  EXPECT_THAT(received("any"),
              HasSubstr("*2\r\n$4\r\nAUTH\r\n$2\r\npw\r\n*1\r\n$4\r\nPING\r\n*3\r\n"
                        "$8\r\nSENTINEL\r\n$23\r\nGET-MASTER-ADDR-BY-NAME\r\n$4\r\nmain\r\n"));
  reply("any", "+OK\r\n+PONG\r\n*2\r\n$8\r\n10.0.0.1\r\n$1\r\n1\r\n");
  ASSERT_TRUE(evaluate(run));
  EXPECT_THAT(received("10.0.0.1:1"), Not(HasSubstr("AUTH")));
  reply("10.0.0.1:1", "$3\r\nsha\r\n+yes\r\n");
  EXPECT_EQ(run.answers, "yes,");
}

TEST_F(ServersTest, AFailoverIsFollowed) {
  servers =
      Servers::bySentinel(options(), {.primary = "main", .user = {}, .password = {}}, tools());
  received("any");
  reply("any", "+PONG\r\n*2\r\n$8\r\n10.0.0.1\r\n$1\r\n1\r\n");
  reply("10.0.0.1:1", "$3\r\nsha\r\n");
  Script run;
  ASSERT_TRUE(evaluate(run));
  pass(Milliseconds(40));
  dialer.at("10.0.0.1:1")->close();
  loop.advance(Milliseconds(0));
  EXPECT_EQ(run.answers, "none,");
  EXPECT_FALSE(evaluate(run));
  received("any");
  pass(Milliseconds(220));
  EXPECT_THAT(received("any"), HasSubstr("GET-MASTER-ADDR-BY-NAME"));
  reply("any", "*2\r\n$8\r\n10.0.0.2\r\n$1\r\n1\r\n");
  ASSERT_TRUE(evaluate(run));
  received("10.0.0.2:1");
  reply("10.0.0.2:1", "$3\r\nsha\r\n+yes\r\n");
  EXPECT_EQ(run.answers, "none,yes,");
}

TEST_F(ServersTest, ASentinelThatNamesALostPrimaryIsLeft) {
  servers =
      Servers::bySentinel(options(), {.primary = "main", .user = {}, .password = {}}, tools());
  received("any");
  reply("any", "+PONG\r\n*-1\r\n");
  const test::StreamPeer* const first = dialer.at("any");
  for (int i = 0; i < 1'000 && dialer.at("any") == first; ++i) {
    pass(Milliseconds(4));
    if (received("any").starts_with("*3")) reply("any", "*-1\r\n");
  }
  EXPECT_NE(dialer.at("any"), first);
}

TEST_F(ServersTest, KeysGoToTheServerOfTheirSlot) {
  servers = Servers::ofCluster(options(), tools());
  received("any");
  reply("any", "$3\r\nsha\r\n");
  replyMap("0-12181", "12182-16383");
  Script run;
  ASSERT_EQ(slotOf("{foo}"), 12'182);
  ASSERT_TRUE(evaluate(run));
  EXPECT_THAT(received("10.0.0.2:1"), HasSubstr("{foo}"));
  EXPECT_THAT(received("10.0.0.1:1"), Not(HasSubstr("{foo}")));
  reply("10.0.0.2:1", "$3\r\nsha\r\n+yes\r\n");
  EXPECT_EQ(run.answers, "yes,");
}

TEST_F(ServersTest, BeforeTheMapIsKnownRedirectionsAreFollowed) {
  servers = Servers::ofCluster(options(), tools());
  Script run;
  ASSERT_TRUE(evaluate(run));
  received("any");
  reply("any", "$3\r\nsha\r\n-NONSENSE\r\n-MOVED 12182 10.0.0.9:1\r\n");
  EXPECT_THAT(received("10.0.0.9:1"), HasSubstr("{foo}"));
  reply("10.0.0.9:1", "$3\r\nsha\r\n+yes\r\n");
  EXPECT_EQ(run.answers, "yes,");
}

TEST_F(ServersTest, AMovedSlotIsRememberedAndTheMapIsAskedForOnce) {
  beginCluster();
  Script run;
  Script other;
  ASSERT_TRUE(evaluate(run));
  ASSERT_TRUE(evaluate(other));
  received("any");
  reply("10.0.0.1:1", "-MOVED 12182 10.0.0.2:1\r\n-MOVED 12182 10.0.0.2:1\r\n");
  reply("10.0.0.2:1", "$3\r\nsha\r\n+yes\r\n+yes\r\n");
  EXPECT_EQ(run.answers + other.answers, "yes,yes,");
  received("10.0.0.2:1");
  ASSERT_TRUE(evaluate(run));
  EXPECT_EQ(received("10.0.0.2:1"), kQuestion);
  EXPECT_EQ(received("any"), "");
  reply("10.0.0.2:1", "+yes\r\n");
  pass(Milliseconds(260));
  EXPECT_EQ(received("any"), "*2\r\n$7\r\nCLUSTER\r\n$5\r\nNODES\r\n");
}

TEST_F(ServersTest, ASlotOnItsWayIsAskedForWithoutBeingRemembered) {
  beginCluster();
  Script run;
  ASSERT_TRUE(evaluate(run));
  received("10.0.0.1:1");
  reply("10.0.0.1:1", "-ASK 12182 10.0.0.2:1\r\n");
  EXPECT_THAT(received("10.0.0.2:1"), HasSubstr("*1\r\n$6\r\nASKING\r\n*4\r\n$4\r\nEVAL\r\n"));
  reply("10.0.0.2:1", "$3\r\nsha\r\n+OK\r\n+yes\r\n");
  EXPECT_EQ(run.answers, "yes,");
  ASSERT_TRUE(evaluate(run));
  EXPECT_EQ(received("10.0.0.1:1"), kQuestion);
  reply("10.0.0.1:1", "-TRYAGAIN Multiple keys request during rehashing of slot\r\n");
  EXPECT_EQ(received("10.0.0.1:1"), kQuestion);
  reply("10.0.0.1:1", "+again\r\n");
  EXPECT_EQ(run.answers, "yes,again,");
}

TEST_F(ServersTest, RedirectionsInACircleEnd) {
  beginCluster();
  Script run;
  ASSERT_TRUE(evaluate(run));
  int asked = 0;
  for (int i = 0; i < 20 && run.answers.empty(); ++i) {
    const std::string from = i % 2 == 0 ? "10.0.0.1:1" : "10.0.0.2:1";
    const std::string to = i % 2 == 0 ? "10.0.0.2:1" : "10.0.0.1:1";
    if (received(from).find("{foo}") != std::string::npos) ++asked;
    reply(from, (i == 1 ? "$3\r\nsha\r\n" : "") + std::string("-MOVED 12182 ") + to + "\r\n");
  }
  EXPECT_EQ(asked, 6);
  EXPECT_THAT(run.answers, HasSubstr("MOVED"));
}

TEST_F(ServersTest, AClusterWithoutTheSlotIsAnError) {
  beginCluster();
  Script run;
  ASSERT_TRUE(evaluate(run));
  reply("10.0.0.1:1", "-CLUSTERDOWN Hash slot not served\r\n");
  EXPECT_EQ(run.answers, "CLUSTERDOWN Hash slot not served,");
  // Until the map lists it again.
  received("any");
  pass(Milliseconds(260));
  EXPECT_THAT(received("any"), HasSubstr("NODES"));
  replyMap("0-100");
  EXPECT_FALSE(evaluate(run));
}

TEST_F(ServersTest, AServerThatLeavesTheClusterIsDropped) {
  beginCluster();
  test::StreamPeer* const gone = dialer.at("10.0.0.1:1");
  received("any");
  pass(Milliseconds(5'010));
  ASSERT_THAT(received("any"), HasSubstr("NODES"));
  replyMap("", "0-16383");
  loop.advance(Milliseconds(0));
  EXPECT_TRUE(gone->ended() || gone->broken());
}

}  // namespace
}  // namespace weir::redis
