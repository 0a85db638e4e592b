#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "core/base/clock.h"

namespace weir::event {

class Wheel;

// A time limit, one of very many. Moving it to a later time and disarming it only store a number:
// the wheel checks it again at the old time.
class Deadline {
 public:
  explicit Deadline(Wheel& wheel) : wheel_(&wheel) {}
  virtual ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  // Calls onDeadline() once, `after` from now, rounded up to the wheel's tick.
  inline void arm(Milliseconds after);
  void disarm() { due_ = kNever; }
  bool armed() const { return due_ != kNever; }

 protected:
  virtual void onDeadline() = 0;  // may destroy the object as its last act

 private:
  friend class Wheel;
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  Wheel* wheel_;
  Deadline* next_ = nullptr;
  Deadline** link_ = nullptr;    // the pointer to this object; null when in no slot
  std::uint64_t due_ = kNever;   // tick
  std::uint64_t linked_at_ = 0;  // tick of its slot
};

// A Deadline that calls one method of its owner.
template <typename Owner, void (Owner::*kMethod)()>
class Alarm final : public Deadline {
 public:
  Alarm(Wheel& wheel, Owner& owner) : Deadline(wheel), owner_(owner) {}

 private:
  void onDeadline() override { (owner_.*kMethod)(); }
  Owner& owner_;
};

// A hierarchical timing wheel: three levels of 256 slots, 4 ms, 1 s and 4.4 min wide.
//
// Has no clock: its owner calls advance() with the time, and untilNext() for the next call.
class Wheel {
 public:
  static constexpr Milliseconds kTick{4};

  // The driver of a wheel: provides the time, and is notified if advance() is needed earlier.
  class Driver {
   public:
    virtual ~Driver() = default;
    virtual Milliseconds wheelTime() const = 0;
    virtual void onEarlier() = 0;
  };

  explicit Wheel(Milliseconds now = Milliseconds(0));
  void setDriver(Driver* driver) { driver_ = driver; }  // null: now() as of the latest advance()

  // Moves the time to `now` and fires all deadlines due, in order of slots.
  void advance(Milliseconds now);
  // Time until the next slot in use; negative if the wheel is empty.
  Milliseconds untilNext(Milliseconds now) const;
  // The driver will call advance() at the time that untilNext() has just returned.
  void wakePlanned() { wake_tick_ = nextTick(); }
  Milliseconds now() const {
    if (held_ != kNotHeld) [[likely]]
      return held_;
    return driver_ == nullptr ? now_ : driver_->wheelTime();
  }
  // From now on, until releaseTime(), now() is `now`: the driver is not asked for each deadline.
  void holdTime(Milliseconds now) { held_ = now; }
  void releaseTime() { held_ = kNotHeld; }

 private:
  friend class Deadline;
  static constexpr unsigned kBits = 8;
  static constexpr std::uint64_t kSlots = 1U << kBits;
  static constexpr unsigned kLevels = 3;

  struct Level {
    std::array<Deadline*, kSlots> slots{};
    std::array<std::uint64_t, kSlots / 64> used{};  // one bit per slot; may be set for an empty one
  };

  // The time is never negative.
  static std::uint64_t tickOf(Milliseconds time) {
    return static_cast<std::uint64_t>(time.count()) / static_cast<std::uint64_t>(kTick.count());
  }
  void relink(Deadline& deadline);
  void link(Deadline& deadline, std::uint64_t earliest);
  static void unlink(Deadline& deadline);
  void step();
  void fire(Deadline*& slot);
  void cascade(unsigned level);
  std::uint64_t nextTick() const;
  // Number of slots from `base` to the next one in use; 0 for none.
  static std::uint64_t slotsAhead(const Level& level, std::uint64_t base);

  std::array<Level, kLevels> levels_;
  Deadline* firing_ = nullptr;  // the rest of the slot that is being fired
  static constexpr Milliseconds kNotHeld = Milliseconds::min();
  Milliseconds held_ = kNotHeld;
  Milliseconds now_;
  std::uint64_t current_;                       // every slot up to this tick has fired
  std::uint64_t wake_tick_ = Deadline::kNever;  // when the driver plans to call advance()
  Driver* driver_ = nullptr;
};

[[gnu::always_inline]] inline void Deadline::arm(Milliseconds after) {
  const Milliseconds wait = after.count() > 0 ? after : Milliseconds(0);
  due_ = Wheel::tickOf(wheel_->now() + wait + Wheel::kTick - Milliseconds(1));
  if (link_ == nullptr || linked_at_ > due_) wheel_->relink(*this);
  // Otherwise its slot fires in time, and it is linked again then.
}

}  // namespace weir::event
