#include "core/redis/client.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_dialer.h"

namespace weir::redis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Question final : Waiter {
  void onReply(const Reply& reply) override { answers += std::string(reply.text()) + ","; }
  void onNoReply() override { answers += "none,"; }
  std::string answers;
};

class ClientTest : public ::testing::Test {
 protected:
  Client& client() {
    if (client_ == nullptr) {
      client_ = std::make_unique<Client>(
          Client::Options{.name = "limits", .user = user, .password = password, .script = "S"},
          Client::Tools{loop, random, dialer});
    }
    return *client_;
  }
  void pass(Milliseconds time) {
    for (; time > Milliseconds(0); time -= kStep) loop.advance(std::min(time, kStep));
    loop.advance(Milliseconds(0));
  }
  test::StreamPeer& server() { return *dialer.servers.back(); }
  // What the server has received since the last call.
  std::string received() {
    loop.advance(Milliseconds(0));
    return server().takeReceived();
  }
  void reply(std::string_view text) {
    server().send(text);
    loop.advance(Milliseconds(0));
  }
  void ask(Question& question) {
    const std::string_view words[] = {"0"};
    client().evaluate(words, question);
  }
  void connect() {
    client();
    loop.advance(Milliseconds(0));
    received();
    reply("$3\r\nsha\r\n");
  }

  static constexpr Milliseconds kStep{4};
  event::Loop loop{event::Loop::Time::kManual};
  Random random{1};
  test::ScriptedDialer dialer{loop};
  std::string user;
  std::string password;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, LoadsTheScriptOnce) {
  client();
  EXPECT_EQ(received(), "*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$1\r\nS\r\n");
  reply("$3\r\nsha\r\n");
  Question question;
  ask(question);
  EXPECT_EQ(received(), "*3\r\n$7\r\nEVALSHA\r\n$3\r\nsha\r\n$1\r\n0\r\n");
  reply("+yes\r\n");
  EXPECT_EQ(question.answers, "yes,");
}

TEST_F(ClientTest, AuthenticatesWithUserAndPassword) {
  user = "weir";
  password = "secret";
  client();
  EXPECT_THAT(received(), HasSubstr("*3\r\n$4\r\nAUTH\r\n$4\r\nweir\r\n$6\r\nsecret\r\n"));
  user.clear();
  client_ = nullptr;
  client();
  EXPECT_THAT(received(), HasSubstr("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n"));
}

TEST_F(ClientTest, TheFirstCommandsNeedNotWaitForTheHandshake) {
  Question question;
  ask(question);
  EXPECT_THAT(received(), HasSubstr("*3\r\n$4\r\nEVAL\r\n$1\r\nS\r\n$1\r\n0\r\n"));
  reply("$3\r\nsha\r\n+yes\r\n");
  EXPECT_EQ(question.answers, "yes,");
}

TEST_F(ClientTest, AWrongPasswordIsAFailure) {
  password = "wrong";
  Question question;
  ask(question);
  received();
  reply("-WRONGPASS no\r\n-NOAUTH Authentication required.\r\n-NOAUTH\r\n");
  EXPECT_EQ(question.answers, "none,");
  EXPECT_FALSE(client().ready());
  pass(Milliseconds(110));
  EXPECT_EQ(dialer.servers.size(), 2U);
  EXPECT_FALSE(client().ready());
}

TEST_F(ClientTest, CommandsOfATurnLeaveTogetherAndRepliesComeInOrder) {
  connect();
  Question one;
  Question two;
  ask(one);
  ask(two);
  const std::size_t events = server().events();
  EXPECT_THAT(received(), HasSubstr("sha\r\n$1\r\n0\r\n*3"));
  EXPECT_EQ(server().events(), events + 1);
  reply("+one\r\n+t");
  EXPECT_EQ(one.answers, "one,");
  EXPECT_EQ(two.answers, "");
  reply("wo\r\n");
  EXPECT_EQ(two.answers, "two,");
}

TEST_F(ClientTest, ACancelledCommandStillTakesItsReply) {
  connect();
  Question one;
  Question two;
  ask(one);
  ask(two);
  client().cancel(one);
  reply("+one\r\n+two\r\n");
  EXPECT_EQ(one.answers, "");
  EXPECT_EQ(two.answers, "two,");
}

TEST_F(ClientTest, NobodyWaitsForASlowServerTwice) {
  connect();
  Question one;
  ask(one);
  pass(Milliseconds(48));
  EXPECT_EQ(one.answers, "");
  pass(Milliseconds(12));
  EXPECT_EQ(one.answers, "none,");
  EXPECT_FALSE(client().ready());
  reply("+late\r\n");
  EXPECT_EQ(one.answers, "none,");
  EXPECT_TRUE(client().ready());
  Question two;
  ask(two);
  reply("+two\r\n");
  EXPECT_EQ(two.answers, "two,");
  EXPECT_EQ(dialer.servers.size(), 1U);
}

TEST_F(ClientTest, ASilentServerGetsANewConnection) {
  connect();
  Question question;
  ask(question);
  pass(Milliseconds(1'200));
  EXPECT_TRUE(server().ended() || dialer.servers.size() == 2);
  pass(Milliseconds(200));
  ASSERT_EQ(dialer.servers.size(), 2U);
  EXPECT_FALSE(client().ready());
  received();
  reply("$3\r\nsha\r\n");
  EXPECT_TRUE(client().ready());
}

TEST_F(ClientTest, ALostConnectionAnswersAllWaiters) {
  connect();
  Question one;
  Question two;
  ask(one);
  ask(two);
  loop.advance(Milliseconds(0));
  server().close();
  loop.advance(Milliseconds(0));
  EXPECT_EQ(one.answers, "none,");
  EXPECT_EQ(two.answers, "none,");
  EXPECT_FALSE(client().ready());
}

TEST_F(ClientTest, TriesAgainWithGrowingPausesOfAtMostFourSeconds) {
  dialer.away = true;
  client();
  EXPECT_FALSE(client().ready());
  pass(Milliseconds(20'000));
  dialer.away = false;
  pass(Milliseconds(4'100));
  ASSERT_EQ(dialer.servers.size(), 1U);
  received();
  reply("$3\r\nsha\r\n");
  EXPECT_TRUE(client().ready());
}

TEST_F(ClientTest, AServerThatBecameAReplicaGetsANewConnection) {
  connect();
  Question question;
  ask(question);
  reply("-READONLY You can't write against a read only replica.\r\n");
  EXPECT_THAT(question.answers, HasSubstr("READONLY"));
  EXPECT_FALSE(client().ready());
  pass(Milliseconds(110));
  EXPECT_EQ(dialer.servers.size(), 2U);
}

TEST_F(ClientTest, InvalidRepliesEndTheConnection) {
  connect();
  Question question;
  ask(question);
  reply("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_EQ(question.answers, "none,");
  EXPECT_FALSE(client().ready());
}

TEST_F(ClientTest, AReplyWithoutACommandEndsTheConnection) {
  connect();
  reply("+hello\r\n");
  EXPECT_FALSE(client().ready());
}

TEST_F(ClientTest, TheNumberOfCommandsIsLimited) {
  connect();
  std::deque<Question> questions(Client::kMostPending);
  for (Question& each : questions) {
    ASSERT_TRUE(client().ready());
    ask(each);
  }
  EXPECT_FALSE(client().ready());
  reply("+one\r\n");
  EXPECT_TRUE(client().ready());
  EXPECT_EQ(questions.front().answers, "one,");
  for (Question& each : questions) client().cancel(each);
}

TEST_F(ClientTest, AServerWithoutAScriptIsGreeted) {
  client_ = std::make_unique<Client>(Client::Options{.name = "sentinels"},
                                     Client::Tools{loop, random, dialer});
  EXPECT_EQ(received(), "*1\r\n$4\r\nPING\r\n");
  reply("+PONG\r\n");
  EXPECT_TRUE(client().ready());
  pass(Milliseconds(4'000));
  EXPECT_EQ(dialer.servers.size(), 1U);
}

TEST_F(ClientTest, MovesToAnotherServerAtOnce) {
  connect();
  Question question;
  ask(question);
  loop.advance(Milliseconds(0));
  client().moveTo(net::Address::parse("10.0.0.2:6379").value());
  EXPECT_EQ(question.answers, "none,");
  ASSERT_NE(dialer.at("10.0.0.2:6379"), nullptr);
  EXPECT_TRUE(client().ready());
  ask(question);
  EXPECT_THAT(received(), HasSubstr("EVAL"));
  reply("$3\r\nsha\r\n+yes\r\n");
  EXPECT_EQ(question.answers, "none,yes,");
}

}  // namespace
}  // namespace weir::redis
