#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "core/base/clock.h"

namespace weir::event {

class Wheel;

// A point in time at which something is given up, one of very many. Arming it again for later,
// and disarming it, only store a number: the wheel looks again when the old time comes.
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
  Deadline** link_ = nullptr;    // what points at us; null when in no slot
  std::uint64_t due_ = kNever;   // tick
  std::uint64_t linked_at_ = 0;  // tick of the slot we stand in
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
// Knows no clock: whoever owns it calls advance() with the time and asks when to come back.
class Wheel {
 public:
  static constexpr Milliseconds kTick{4};

  // Who drives a wheel: tells it the time and hears when it wants to be called earlier.
  class Driver {
   public:
    virtual ~Driver() = default;
    virtual Milliseconds wheelTime() const = 0;
    virtual void onEarlier() = 0;
  };

  explicit Wheel(Milliseconds now = Milliseconds(0));
  void setDriver(Driver* driver) { driver_ = driver; }  // null: the time of the latest advance()

  // Moves the time to `now` and fires what is due, in order of slots.
  void advance(Milliseconds now);
  // Time until the next slot that holds anything; negative when the wheel is empty.
  Milliseconds untilNext(Milliseconds now) const;
  // The driver will call advance() at the time that untilNext() gave just now.
  void wakePlanned() { wake_tick_ = nextTick(); }
  Milliseconds now() const { return driver_ == nullptr ? now_ : driver_->wheelTime(); }

 private:
  friend class Deadline;
  static constexpr unsigned kBits = 8;
  static constexpr std::uint64_t kSlots = 1U << kBits;
  static constexpr unsigned kLevels = 3;

  struct Level {
    std::array<Deadline*, kSlots> slots{};
    std::array<std::uint64_t, kSlots / 64> used{};  // one bit a slot; may be stale-set
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
  // How many slots from `base` on until one in use; 0 for none.
  static std::uint64_t slotsAhead(const Level& level, std::uint64_t base);

  std::array<Level, kLevels> levels_;
  Deadline* firing_ = nullptr;  // what is left of the slot that is being fired
  Milliseconds now_;
  std::uint64_t current_;                       // every slot up to this tick has fired
  std::uint64_t wake_tick_ = Deadline::kNever;  // when the driver means to come back
  Driver* driver_ = nullptr;
};

inline void Deadline::arm(Milliseconds after) {
  const Milliseconds wait = after.count() > 0 ? after : Milliseconds(0);
  due_ = Wheel::tickOf(wheel_->now() + wait + Wheel::kTick - Milliseconds(1));
  if (link_ == nullptr || linked_at_ > due_) wheel_->relink(*this);
  // Else it is looked at in time, and linked anew then.
}

}  // namespace weir::event
