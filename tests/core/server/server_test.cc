#include "core/server/server.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include "core/server/metrics.h"
#include "tests/core/server/server_fixture.h"

namespace weir::server {
namespace {

using test::PlainSocket;
using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST_F(ServerTest, HasNoListenersBeforeItsFirstPlan) {
  EXPECT_EQ(server.plan(), nullptr);
  EXPECT_TRUE(server.listeners().empty());
}

TEST_F(ServerTest, ServesWhatThePlanSays) {
  publish(saying("one", listener("public")));
  EXPECT_THAT(ask(dial()), EndsWith("one"));
  EXPECT_EQ(server.listeners().at(0).connections, 1U);
  EXPECT_NE(server.listeners().at(0).address.port(), 0U);
}

TEST_F(ServerTest, AReloadHoldsForTheNextRequestOfAnOpenConnection) {
  publish(saying("one", listener("public")));
  PlainSocket& client = dial();
  ask(client);
  const auto address = server.listeners().at(0).address;
  publish(saying("two", listener("public")));
  EXPECT_THAT(ask(client), EndsWith("two"));
  EXPECT_EQ(server.listeners().at(0).address, address);
  server.refreshMetrics();
  EXPECT_GE(cells.gauge(configActiveGenerationsKey()).value(), 1);
}

TEST_F(ServerTest, ReloadsOnEachOthersHeelsAllGoLive) {
  publish(saying("one", listener("public")));
  config::Diagnostics found;
  int done = 0;
  for (int i = 0; i < 20; ++i) {
    const auto plan = build(saying("more", listener("public")), server.plan());
    ASSERT_TRUE(server.publish(plan, found, [&] { ++done; }));
  }
  EXPECT_TRUE(until([&] { return done == 20; }));
  EXPECT_EQ(done, 20);
}

TEST_F(ServerTest, ListenersComeAndGo) {
  publish(saying("one", listener("a")));
  PlainSocket& idle = dial();
  ask(idle);
  publish(saying("two", listener("b") + listener("c")));
  EXPECT_TRUE(ends(idle));
  EXPECT_EQ(server.listeners().size(), 2U);
  EXPECT_THAT(ask(dial(1)), EndsWith("two"));
}

TEST_F(ServerTest, AnAddressThatIsTakenChangesNothing) {
  publish(saying("one", listener("public")));
  const auto before = server.plan();
  const auto plan = build("[[listener]]\nname = \"other\"\naddress = \"192.0.2.1:80\"\n");
  config::Diagnostics found;
  EXPECT_FALSE(server.publish(plan, found, [this] { ++live; }));
  EXPECT_THAT(found.text(), HasSubstr("listener other: cannot listen on 192.0.2.1:80: "));
  EXPECT_EQ(server.plan(), before);
  EXPECT_THAT(ask(dial()), EndsWith("one"));
}

TEST_F(ServerTest, DrainsWhenNothingIsInFlight) {
  publish(saying("one", listener("public")));
  PlainSocket& idle = dial();
  ask(idle);
  bool complete = false;
  server.drain(Milliseconds(10'000), [&](bool all) { complete = all; });
  EXPECT_TRUE(server.draining());
  EXPECT_TRUE(ends(idle));
  EXPECT_TRUE(until([&] { return complete; }));
  EXPECT_EQ(cells.gauge(drainingKey()).value(), 1);
}

TEST_F(ServerTest, DrainsNoLongerThanItMay) {
  publish(saying("one", listener("public")));
  PlainSocket& slow = dial();
  ask(slow);
  slow.send("GET / HTT");
  EXPECT_TRUE(until([&] { return counts.process().value() == 1; }));
  int told = 0;
  server.drain(Milliseconds(1), [&](bool) { ++told; });
  EXPECT_TRUE(until([&] { return told > 0; }));
}

TEST_F(ServerTest, LogsMayBeReplaced) {
  publish(saying("one", listener("public")));
  server.setRecorders([](MetricCells&) { return Recorders(); });
  EXPECT_THAT(ask(dial()), EndsWith("one"));
}

// Between two threads: one writes, the other waits for it.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void put(pid_t number) const { EXPECT_EQ(::write(ends_[1], &number, sizeof number), 4); }
  pid_t take() const {
    pid_t number = 0;
    EXPECT_EQ(::read(ends_[0], &number, sizeof number), 4);
    return number;
  }
  bool empty() const {
    pollfd waits{ends_[0], POLLIN, 0};
    return ::poll(&waits, 1, 0) == 0;
  }

 private:
  std::array<int, 2> ends_{};
};

// A worker that is blocked until it is released.
class HungWorker {
 public:
  explicit HungWorker(Worker& worker) {
    worker.post([this] {
      began_.put(0);
      end_.take();
      ended_.put(0);
    });
    began_.take();
  }
  ~HungWorker() {
    end_.put(0);
    ended_.take();
  }
  HungWorker(const HungWorker&) = delete;
  HungWorker& operator=(const HungWorker&) = delete;

 private:
  Pipe began_;
  Pipe end_;
  Pipe ended_;
};

// The combined answers of the workers; calls that share an answer count once.
struct Answers {
  std::vector<std::size_t> silent;
  Server::OnUse note() {
    return [this](const ClusterUses&, std::size_t missing) { silent.push_back(missing); };
  }
};

TEST_F(ServerTest, WorkersAreAskedForTheirUse) {
  publish(saying("one", listener("public")));
  Answers answers;
  server.askForUse(answers.note());
  server.askForUse(answers.note());
  ASSERT_TRUE(until([&] { return answers.silent.size() == 2; }));
  EXPECT_EQ(answers.silent, (std::vector<std::size_t>{0, 0}));
}

TEST_F(ServerTest, AWorkerThatHangsHoldsUpNoAnswer) {
  publish(saying("one", listener("public")));
  Answers answers;
  {
    const HungWorker hung(*server.workers()[0]);
    const Milliseconds asked = loop.now();  // of the turn
    server.askForUse(answers.note());
    server.askForUse(answers.note());
    ASSERT_TRUE(until([&] { return answers.silent.size() == 2; }));
    EXPECT_GE(loop.now() - asked, Survey::kPatience);
    server.askForUse(answers.note());
    ASSERT_TRUE(until([&] { return answers.silent.size() == 3; }));
  }
  EXPECT_EQ(answers.silent, (std::vector<std::size_t>{1, 1, 1}));
  server.askForUse(answers.note());
  ASSERT_TRUE(until([&] { return answers.silent.size() == 4; }));
  EXPECT_EQ(answers.silent.back(), 0U);
}

TEST_F(ServerTest, EachWorkerAnswersAQuestionOnItsThread) {
  publish(saying("one", listener("public")));
  std::vector<std::vector<pid_t>> answers;
  const auto note = [&](const std::vector<pid_t>& threads, std::size_t silent) {
    EXPECT_EQ(silent, 0U);
    answers.push_back(threads);
  };
  // The second question is put before the first has been answered.
  for (int i = 0; i < 2; ++i) server.askWorkers<pid_t>([](Worker&) { return ::gettid(); }, note);
  ASSERT_TRUE(until([&] { return answers.size() == 2; }));
  for (std::vector<pid_t>& threads : answers) {
    EXPECT_EQ(threads.size(), server.workers().size());
    EXPECT_EQ(std::ranges::count(threads, ::gettid()), 0);
    std::ranges::sort(threads);
    EXPECT_EQ(std::ranges::adjacent_find(threads), threads.end());
  }
  EXPECT_EQ(answers[0], answers[1]);
}

TEST_F(ServerTest, ALateAnswerBelongsToNoLaterQuestion) {
  publish(saying("one", listener("public")));
  std::vector<std::string> heard;
  const auto ask = [&](const std::string& word) {
    server.askWorkers<std::string>([word](Worker&) { return word; },
                                   [&heard](const std::vector<std::string>& words, std::size_t) {
                                     std::string all;
                                     for (const std::string& each : words) all += each;
                                     heard.push_back(all);
                                   });
  };
  {
    const HungWorker hung(*server.workers()[0]);
    ask("a");
    ASSERT_TRUE(until([&] { return heard.size() == 1; }));
    ask("b");
  }
  ASSERT_TRUE(until([&] { return heard.size() == 2; }));
  std::string every;
  for (std::size_t i = 0; i < server.workers().size(); ++i) every += "b";
  EXPECT_EQ(heard[0].size(), server.workers().size() - 1);
  EXPECT_EQ(heard[1], every);
}

// Records the thread on which it was destroyed.
struct ClosingLog final : http::AccessLog {
  explicit ClosingLog(const Pipe& at) : closed_at(at) {}
  ~ClosingLog() override { closed_at.put(::gettid()); }
  void log(const http::ExchangeRecord&) override {}
  void flush() override {}
  const Pipe& closed_at;
};

TEST_F(ServerTest, AccessLogsChangeWithoutWaitingForWorkers) {
  publish(saying("one", listener("public")));
  const Pipe closed_at;
  bool given = false;
  server.setRecorders([&](MetricCells&) {
    Recorders made;
    if (!std::exchange(given, true)) made.log = std::make_unique<ClosingLog>(closed_at);
    return made;
  });
  {
    const HungWorker hung(*server.workers()[0]);
    server.setRecorders([](MetricCells&) { return Recorders(); });  // must return
    EXPECT_TRUE(closed_at.empty());
  }
  EXPECT_NE(closed_at.take(), ::gettid());
}

}  // namespace
}  // namespace weir::server
