#include "core/event/loop.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace weir::event {
namespace {

// Records its name at the end of the turn, then runs the test's function.
class NotedEnd final : public TurnEnd {
 public:
  NotedEnd(std::string name, std::string& log) : name_(std::move(name)), log_(log) {}
  std::function<void()> then;

 private:
  void onTurnEnd() override {
    log_ += name_;
    if (then) then();
  }
  const std::string name_;
  std::string& log_;
};

// Records its name when it is destroyed.
class NotedDeath final : public Disposable {
 public:
  NotedDeath(std::string name, std::string& log, std::function<void()> then = {})
      : name_(std::move(name)), log_(log), then_(std::move(then)) {}
  ~NotedDeath() override {
    log_ += name_;
    if (then_) then_();
  }

 private:
  const std::string name_;
  std::string& log_;
  const std::function<void()> then_;
};

class LoopTest : public ::testing::Test {
 protected:
  void turn() { loop.advance(Milliseconds(0)); }
  void doom(std::string name, std::function<void()> then = {}) {
    loop.destroyLater(std::make_unique<NotedDeath>(std::move(name), log, std::move(then)));
  }

  std::string log;
  Loop loop{Loop::Time::kManual};
  NotedEnd a{"a", log};
  NotedEnd b{"b", log};
  NotedEnd c{"c", log};
};

TEST_F(LoopTest, EndsTheTurnInTheOrderOfAsking) {
  loop.atTurnEnd(b);
  loop.atTurnEnd(a);
  loop.atTurnEnd(c);
  EXPECT_EQ(log, "");
  turn();
  EXPECT_EQ(log, "bac");
  turn();
  EXPECT_EQ(log, "bac");
}

TEST_F(LoopTest, DoesATaskOnceHoweverOftenItIsAskedFor) {
  loop.atTurnEnd(a);
  loop.atTurnEnd(b);
  loop.atTurnEnd(a);
  turn();
  EXPECT_EQ(log, "ab");
}

TEST_F(LoopTest, DoesWhatIsAskedForWhileTheTurnEnds) {
  a.then = [this] { loop.atTurnEnd(c); };
  loop.atTurnEnd(a);
  loop.atTurnEnd(b);
  turn();
  EXPECT_EQ(log, "abc");
}

TEST_F(LoopTest, DoesATaskAgainThatAsksForItself) {
  int times = 0;
  a.then = [&] {
    if (++times < 3) loop.atTurnEnd(a);
  };
  loop.atTurnEnd(a);
  turn();
  EXPECT_EQ(log, "aaa");
}

TEST_F(LoopTest, ForgetsATaskThatIsCancelled) {
  for (NotedEnd* each : {&a, &b, &c}) loop.atTurnEnd(*each);
  loop.cancelTurnEnd(b);
  turn();
  EXPECT_EQ(log, "ac");
  for (NotedEnd* each : {&a, &b, &c}) loop.atTurnEnd(*each);
  loop.cancelTurnEnd(c);
  loop.cancelTurnEnd(a);
  loop.cancelTurnEnd(a);
  turn();
  EXPECT_EQ(log, "acb");
  loop.atTurnEnd(c);
  turn();
  EXPECT_EQ(log, "acbc");
}

TEST_F(LoopTest, LetsATaskCancelAnother) {
  a.then = [this] { loop.cancelTurnEnd(b); };
  for (NotedEnd* each : {&a, &b, &c}) loop.atTurnEnd(*each);
  turn();
  EXPECT_EQ(log, "ac");
}

TEST_F(LoopTest, DestroysAfterTheTasksOfTheTurn) {
  doom("x");
  doom("y");
  loop.atTurnEnd(a);
  EXPECT_EQ(log, "");
  turn();
  EXPECT_EQ(log, "axy");
}

TEST_F(LoopTest, GoesOnUntilNothingIsLeftToDoOrDestroy) {
  doom("x", [this] {
    loop.atTurnEnd(a);
    doom("y");
  });
  turn();
  EXPECT_EQ(log, "xay");
}

TEST_F(LoopTest, EndsTheTurnAlsoWhenItPolls) {
  loop.atTurnEnd(a);
  doom("x");
  loop.runOnce();
  EXPECT_EQ(log, "ax");
}

TEST_F(LoopTest, DestroysWhatIsLeftWhenItGoes) {
  {
    Loop other;
    other.destroyLater(std::make_unique<NotedDeath>("x", log));
  }
  EXPECT_EQ(log, "x");
}

TEST_F(LoopTest, RunsPostedTasksInOrder) {
  loop.post([this] { log += "1"; });
  loop.post([this] { log += "2"; });
  EXPECT_EQ(log, "");
  loop.runOnce();
  EXPECT_EQ(log, "12");
}

TEST_F(LoopTest, RunsATaskThatATaskPosted) {
  loop.post([this] {
    loop.post([this] { log += "2"; });
    log += "1";
  });
  for (int turns = 0; turns < 3; ++turns) loop.runOnce();
  EXPECT_EQ(log, "12");
}

TEST_F(LoopTest, EndsTheTurnAfterPostedTasks) {
  loop.post([this] {
    loop.atTurnEnd(a);
    log += "1";
  });
  loop.post([this] { log += "2"; });
  loop.runOnce();
  EXPECT_EQ(log, "12a");
}

TEST_F(LoopTest, MovesItsTimeOnlyWhenTold) {
  const Milliseconds start = loop.now();
  loop.runOnce();
  EXPECT_EQ(loop.now(), start);
  loop.advance(Milliseconds(250));
  EXPECT_EQ(loop.now(), start + Milliseconds(250));
}

class CountedDeadline final : public Deadline {
 public:
  explicit CountedDeadline(Wheel& wheel) : Deadline(wheel) {}
  int fired = 0;
  std::function<void()> then;

 private:
  void onDeadline() override {
    ++fired;
    if (then) then();
  }
};

TEST_F(LoopTest, FiresDeadlinesWhenItsTimeIsMoved) {
  CountedDeadline deadline(loop.wheel());
  deadline.then = [this] { loop.atTurnEnd(a); };
  deadline.arm(Milliseconds(100));
  loop.runOnce();
  loop.advance(Milliseconds(96));
  EXPECT_EQ(deadline.fired, 0);
  loop.advance(Milliseconds(8));
  EXPECT_EQ(deadline.fired, 1);
  EXPECT_EQ(log, "a");
}

TEST(RealLoop, RunsUntilItIsStopped) {
  Loop loop;
  int tasks = 0;
  loop.post([&] {
    ++tasks;
    loop.post([&] {
      ++tasks;
      loop.stop();
    });
  });
  loop.run();
  EXPECT_EQ(tasks, 2);
}

TEST(RealLoop, StopsAtOnceWhenThatWasAskedForBefore) {
  Loop loop;
  loop.stop();
  loop.run();
  int tasks = 0;
  loop.post([&] {
    ++tasks;
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(tasks, 1);
}

TEST(RealLoop, FiresDeadlinesByTheClock) {
  Loop loop;
  CountedDeadline late(loop.wheel());
  CountedDeadline early(loop.wheel());
  std::vector<int> order;
  const Milliseconds start = loop.now();
  late.then = [&] {
    order.push_back(2);
    loop.stop();
  };
  early.then = [&] { order.push_back(1); };
  late.arm(Milliseconds(20));
  early.arm(Milliseconds(8));
  loop.run();
  EXPECT_EQ(order, (std::vector{1, 2}));
  EXPECT_GE(loop.now() - start, Milliseconds(20));
}

TEST(RealLoop, FiresADeadlineThatIsArmedWhileItRuns) {
  Loop loop;
  CountedDeadline far(loop.wheel());
  CountedDeadline near(loop.wheel());
  far.arm(Milliseconds(3'600'000));
  near.then = [&] { loop.stop(); };
  loop.post([&] { near.arm(Milliseconds(5)); });
  loop.run();
  EXPECT_EQ(near.fired, 1);
  EXPECT_EQ(far.fired, 0);
}

TEST(RealLoop, TakesTasksFromOtherThreadsInTheirOrder) {
  Loop loop;
  std::vector<int> seen;
  const auto loop_thread = std::this_thread::get_id();
  bool elsewhere = false;
  std::thread poster([&] {
    for (int i = 0; i < 1'000; ++i) {
      loop.post([&, i] {
        seen.push_back(i);
        elsewhere = elsewhere || std::this_thread::get_id() != loop_thread;
      });
    }
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  poster.join();
  std::vector<int> expected;
  for (int i = 0; i < 1'000; ++i) expected.push_back(i);
  EXPECT_EQ(seen, expected);
  EXPECT_FALSE(elsewhere);
}

TEST(RealLoop, IsStoppedByAnotherThread) {
  Loop loop;
  std::thread stopper([&] { loop.stop(); });
  loop.run();
  stopper.join();
}

TEST(RealLoop, WorksOnAnotherThreadAndTellsOnItsOwn) {
  Loop loop;
  std::thread::id worked;
  std::thread::id told;
  loop.post([&] {
    loop.work([&] { worked = std::this_thread::get_id(); },
              [&] {
                told = std::this_thread::get_id();
                loop.stop();
              });
  });
  loop.run();
  EXPECT_NE(worked, std::thread::id());
  EXPECT_NE(worked, std::this_thread::get_id());
  EXPECT_EQ(told, std::this_thread::get_id());
}

TEST(RealLoop, WaitsForWorkThatIsUnderWayWhenItGoes) {
  std::atomic<bool> worked = false;
  bool told = false;
  {
    Loop loop;
    loop.work([&] { worked = true; }, [&] { told = true; });
  }
  EXPECT_TRUE(worked);
  EXPECT_TRUE(told);
}

TEST(RealLoop, DropsTasksThatItDidNotRun) {
  std::string log;
  {
    Loop loop;
    auto held = std::make_shared<const NotedDeath>("x", log);
    loop.post([held] {});
  }
  EXPECT_EQ(log, "x");
}

TEST(RealLoop, TellsItsObserverOfEachTurnInWhichSomethingHappened) {
  Loop loop;
  int turns = 0;
  bool negative = false;
  loop.setTurnObserver([&](Milliseconds busy) {
    ++turns;
    negative = negative || busy < Milliseconds(0);
  });
  for (int i = 0; i < 3; ++i) {
    loop.post([] {});
    loop.runOnce();
  }
  loop.runOnce();  // a turn is reported when the next one is about to poll
  loop.runOnce();
  EXPECT_EQ(turns, 3);
  EXPECT_FALSE(negative);
}

TEST(ManualLoop, ReadsTheClockOnceAnEvent) {
  Loop loop(Loop::Time::kManual);
  const Nanoseconds first = loop.eventTime();
  EXPECT_EQ(loop.eventTime(), first);
  loop.beginEvent();
  EXPECT_GT(loop.eventTime(), first);
}

}  // namespace
}  // namespace weir::event
