#include "core/event/wheel.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"

namespace weir::event {
namespace {

constexpr Milliseconds kSecond{1'000};
constexpr Milliseconds kHour{3'600'000};

// Records its name when it fires, then runs the test's function.
class Noted final : public Deadline {
 public:
  Noted(Wheel& wheel, std::string name, std::string& log)
      : Deadline(wheel), name_(std::move(name)), log_(log) {}

  std::function<void()> then;

 private:
  void onDeadline() override {
    log_ += (log_.empty() ? "" : " ") + name_;
    const auto action = then;  // which may destroy this object
    if (action) action();
  }
  const std::string name_;
  std::string& log_;
};

class WheelTest : public ::testing::Test {
 protected:
  std::unique_ptr<Noted> make(std::string name) {
    return std::make_unique<Noted>(wheel, std::move(name), log);
  }
  void pass(Milliseconds time) {
    now += time;
    wheel.advance(now);
  }
  std::string takeLog() { return std::exchange(log, {}); }
  // In the steps of a driver: to the next slot in use, and no further.
  void passAsDriven(Milliseconds time) {
    const Milliseconds end = now + time;
    while (now < end) {
      const Milliseconds wait = wheel.untilNext(now);
      pass(wait < Milliseconds(0) ? end - now : std::min(std::max(wait, Wheel::kTick), end - now));
      ++wakes;
    }
  }

  Milliseconds now{1'000'003};
  Wheel wheel{now};
  std::string log;
  int wakes = 0;
};

TEST_F(WheelTest, FiresWhatIsDueAndNotBefore) {
  const auto a = make("a");
  a->arm(Milliseconds(100));
  EXPECT_TRUE(a->armed());
  pass(Milliseconds(99));
  EXPECT_EQ(log, "");
  pass(Wheel::kTick);
  EXPECT_EQ(log, "a");
  EXPECT_FALSE(a->armed());
}

TEST_F(WheelTest, FiresOnce) {
  const auto a = make("a");
  a->arm(Milliseconds(100));
  pass(kHour);
  pass(kHour);
  EXPECT_EQ(log, "a");
}

TEST_F(WheelTest, NeverFiresEarly) {
  for (Milliseconds after{0}; after < Milliseconds(20); ++after) {
    Wheel other(now);
    Noted deadline(other, "x", log);
    deadline.arm(after);
    other.advance(now + after - Milliseconds(1));
    EXPECT_EQ(takeLog(), "") << after.count();
    other.advance(now + after + Wheel::kTick);
    EXPECT_EQ(takeLog(), "x") << after.count();
  }
}

TEST_F(WheelTest, TakesANegativeTimeForNone) {
  const auto a = make("a");
  a->arm(Milliseconds(-50));
  pass(Wheel::kTick);
  EXPECT_EQ(log, "a");
}

TEST_F(WheelTest, FiresInOrderOfTimeInOneJump) {
  const auto hour = make("hour");
  const auto tick = make("tick");
  const auto second = make("second");
  const auto day = make("day");
  const auto minute = make("minute");
  hour->arm(kHour);
  day->arm(24 * kHour);
  tick->arm(Milliseconds(4));
  second->arm(kSecond);
  minute->arm(60 * kSecond);
  pass(25 * kHour);
  EXPECT_EQ(log, "tick second minute hour day");
}

TEST_F(WheelTest, ArmingForLaterPutsItOff) {
  const auto a = make("a");
  a->arm(Milliseconds(100));
  pass(Milliseconds(50));
  a->arm(Milliseconds(100));
  pass(Milliseconds(60));
  EXPECT_EQ(log, "");
  pass(Milliseconds(50));
  EXPECT_EQ(log, "a");
}

TEST_F(WheelTest, ArmingForLaterAgainAndAgainNeverFires) {
  const auto a = make("a");
  for (int i = 0; i < 10'000; ++i) {
    a->arm(Milliseconds(100));
    pass(Milliseconds(90));
  }
  EXPECT_EQ(log, "");
}

TEST_F(WheelTest, ArmingForEarlierBringsItForward) {
  const auto a = make("a");
  a->arm(kHour);
  a->arm(Milliseconds(100));
  pass(Milliseconds(104));
  EXPECT_EQ(log, "a");
  pass(2 * kHour);
  EXPECT_EQ(log, "a");
}

TEST_F(WheelTest, DoesNotFireWhatWasDisarmed) {
  const auto a = make("a");
  a->arm(Milliseconds(100));
  a->disarm();
  EXPECT_FALSE(a->armed());
  pass(kHour);
  EXPECT_EQ(log, "");
}

TEST_F(WheelTest, FiresWhatWasDisarmedAndArmedAgain) {
  const auto a = make("a");
  a->arm(Milliseconds(100));
  a->disarm();
  a->arm(Milliseconds(50));
  pass(Milliseconds(54));
  EXPECT_EQ(log, "a");
  a->arm(kHour);
  a->disarm();
  a->arm(2 * kHour);
  pass(kHour + kSecond);
  EXPECT_EQ(log, "a");
  pass(kHour);
  EXPECT_EQ(log, "a a");
}

TEST_F(WheelTest, ForgetsWhatIsDestroyed) {
  auto a = make("a");
  const auto b = make("b");
  auto c = make("c");
  for (const auto* each : {&a, &c}) (*each)->arm(Milliseconds(100));
  b->arm(Milliseconds(100));
  a.reset();
  c.reset();
  pass(kSecond);
  EXPECT_EQ(log, "b");
}

TEST_F(WheelTest, CanDestroyItselfWhenItFires) {
  auto a = make("a");
  const auto b = make("b");
  a->then = [&] { a.reset(); };
  a->arm(Milliseconds(100));
  b->arm(Milliseconds(100));
  pass(kSecond);
  EXPECT_EQ(a, nullptr);
  EXPECT_EQ(log.size(), 3U);
}

TEST_F(WheelTest, CanDestroyAllOthersOfItsSlotWhenItFires) {
  std::vector<std::unique_ptr<Noted>> many;
  for (int i = 0; i < 5; ++i) many.push_back(make("x"));
  for (const auto& each : many) {
    each->arm(Milliseconds(100));
    each->then = [&many, self = each.get()] {
      std::erase_if(many, [self](const auto& other) { return other.get() != self; });
    };
  }
  pass(kSecond);
  EXPECT_EQ(log, "x");
  EXPECT_EQ(many.size(), 1U);
}

TEST_F(WheelTest, CanArmItselfWhenItFires) {
  const auto a = make("a");
  a->then = [&] { a->arm(Milliseconds(0)); };
  a->arm(Milliseconds(0));
  for (int i = 0; i < 3; ++i) pass(Wheel::kTick);
  EXPECT_EQ(log, "a a a");
}

TEST_F(WheelTest, CanArmAndDisarmOthersWhenItFires) {
  const auto a = make("a");
  const auto later = make("later");
  const auto never = make("never");
  a->then = [&] {
    later->arm(kSecond);
    never->disarm();
  };
  for (const auto* each : {&never, &a, &later}) (*each)->arm(Milliseconds(100));
  never->arm(Milliseconds(104));
  pass(Milliseconds(200));
  const std::string at_once = takeLog();
  pass(2 * kSecond);
  EXPECT_EQ(at_once + "/" + log, "later a/later");
}

TEST_F(WheelTest, FiresExactlyAcrossAllLevels) {
  const std::vector<Milliseconds> times = {Milliseconds(4),
                                           Milliseconds(1'020),
                                           Milliseconds(1'024),
                                           Milliseconds(1'028),
                                           Milliseconds(2'048),
                                           Milliseconds(262'140),
                                           Milliseconds(262'144),
                                           Milliseconds(262'148),
                                           kHour,
                                           Milliseconds(67'108'860),
                                           Milliseconds(67'108'864),
                                           Milliseconds(67'108'868),
                                           100 * kHour};
  for (const Milliseconds time : times) {
    Wheel other(now);
    Noted deadline(other, "x", log);
    deadline.arm(time);
    other.advance(now + time - Milliseconds(1));
    EXPECT_EQ(takeLog(), "") << time.count();
    other.advance(now + time + Wheel::kTick);
    EXPECT_EQ(takeLog(), "x") << time.count();
  }
}

TEST_F(WheelTest, KeepsLongTimesWhenDriven) {
  const auto a = make("a");
  a->arm(40 * kHour);
  passAsDriven(40 * kHour - Milliseconds(1));
  EXPECT_EQ(log, "");
  passAsDriven(Milliseconds(8));
  EXPECT_EQ(log, "a");
  EXPECT_LT(wakes, 20);
}

TEST_F(WheelTest, SaysWhenToComeBack) {
  EXPECT_LT(wheel.untilNext(now), Milliseconds(0));
  const auto a = make("a");
  a->arm(Milliseconds(100));
  EXPECT_LE(wheel.untilNext(now), Milliseconds(104));
  EXPECT_GT(wheel.untilNext(now), Milliseconds(95));
  EXPECT_EQ(wheel.untilNext(now + kSecond), Milliseconds(0));
  pass(kSecond);
  EXPECT_LT(wheel.untilNext(now), Milliseconds(0));
}

class NotedDriver final : public Wheel::Driver {
 public:
  Milliseconds now{0};
  int earlier = 0;

 private:
  Milliseconds wheelTime() const override { return now; }
  void onEarlier() override { ++earlier; }
};

TEST_F(WheelTest, WakesItsDriverOnlyForWhatIsEarlierThanPlanned) {
  NotedDriver driver;
  driver.now = now;
  wheel.setDriver(&driver);
  const auto a = make("a");
  const auto b = make("b");
  a->arm(Milliseconds(500));
  EXPECT_EQ(driver.earlier, 1);
  wheel.wakePlanned();
  b->arm(Milliseconds(900));
  a->arm(Milliseconds(950));
  EXPECT_EQ(driver.earlier, 1);
  b->arm(Milliseconds(100));
  EXPECT_EQ(driver.earlier, 2);
}

TEST_F(WheelTest, CountsFromTheTimeOfItsDriver) {
  NotedDriver driver;
  driver.now = now + kSecond;
  wheel.setDriver(&driver);
  const auto a = make("a");
  a->arm(Milliseconds(100));
  wheel.advance(now + kSecond + Milliseconds(96));
  EXPECT_EQ(log, "");
  wheel.advance(now + kSecond + Milliseconds(104));
  EXPECT_EQ(log, "a");
}

// A slow reference model of the wheel: one number per deadline.
class Model {
 public:
  Model(Wheel& wheel, Milliseconds now, std::size_t count)
      : wheel_(wheel), now_(now), deadlines_(count), due_(count) {}

  void arm(std::size_t index, Milliseconds after) {
    if (deadlines_[index] == nullptr) {
      deadlines_[index] = std::make_unique<Noted>(wheel_, std::to_string(index), log_);
    }
    deadlines_[index]->arm(after);
    const auto tick = ticks(now_ + after + Wheel::kTick - Milliseconds(1));
    due_[index] = std::max(tick, ticks(now_) + 1);
  }
  void disarm(std::size_t index) {
    if (deadlines_[index] != nullptr) deadlines_[index]->disarm();
    due_[index].reset();
  }
  void destroy(std::size_t index) {
    deadlines_[index].reset();
    due_[index].reset();
  }
  // Empty if the wheel fires the expected deadlines, in order of ticks.
  std::string advance(Milliseconds by) {
    now_ += by;
    log_.clear();
    wheel_.advance(now_);
    std::multimap<std::int64_t, std::size_t> expected;
    for (std::size_t i = 0; i < due_.size(); ++i) {
      if (due_[i] && *due_[i] <= ticks(now_)) expected.emplace(*due_[i], i);
    }
    std::vector<std::int64_t> fired;
    for (const std::size_t index : firedIndexes()) {
      if (!due_[index]) return "fired " + std::to_string(index) + ", which was not armed";
      fired.push_back(*due_[index]);
      due_[index].reset();
    }
    std::vector<std::int64_t> wanted;
    for (const auto& [tick, index] : expected) wanted.push_back(tick);
    if (fired == wanted) return "";
    return "fired " + std::to_string(fired.size()) + " of " + std::to_string(wanted.size());
  }
  // True if the requested wake-up is not later than the next deadline.
  bool wakesInTime() const {
    for (const auto& due : due_) {
      if (!due) continue;
      const Milliseconds wait = wheel_.untilNext(now_);
      if (wait < Milliseconds(0) || now_ + wait > *due * Wheel::kTick) return false;
    }
    return true;
  }

 private:
  static std::int64_t ticks(Milliseconds time) { return time / Wheel::kTick; }
  std::vector<std::size_t> firedIndexes() const {
    std::vector<std::size_t> indexes;
    std::size_t value = 0;
    for (const char c : log_ + " ") {
      if (c != ' ') {
        value = value * 10 + static_cast<std::size_t>(c - '0');
      } else if (!log_.empty()) {
        indexes.push_back(std::exchange(value, 0));
      }
    }
    return indexes;
  }

  Wheel& wheel_;
  Milliseconds now_;
  std::string log_;
  std::vector<std::unique_ptr<Noted>> deadlines_;
  std::vector<std::optional<std::int64_t>> due_;
};

// Times of all sizes, from ticks to many hours.
Milliseconds anyTime(Random& random) {
  const std::uint64_t scale = std::uint64_t{1} << random.below(28);
  return Milliseconds(static_cast<std::int64_t>(random.below(scale)));
}

// The first step at which wheel and model differ; empty if there is none.
std::string compare(std::uint64_t seed, int steps) {
  Random random(seed);
  Wheel wheel(Milliseconds(123'456));
  Model model(wheel, Milliseconds(123'456), 40);
  for (int step = 0; step < steps; ++step) {
    const std::size_t index = random.below(40);
    const std::uint64_t action = random.below(10);
    if (action < 6) model.arm(index, anyTime(random));
    if (action == 6) model.disarm(index);
    if (action == 7) model.destroy(index);
    const std::string failure = action > 7 ? model.advance(anyTime(random)) : "";
    const std::string where = " at step " + std::to_string(step);
    if (!failure.empty()) return failure + where;
    if (!model.wakesInTime()) return "wakes too late" + where;
  }
  return "";
}

TEST(WheelModel, AgreesWithTheWheel) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) EXPECT_EQ(compare(seed, 5'000), "") << seed;
}

}  // namespace
}  // namespace weir::event
