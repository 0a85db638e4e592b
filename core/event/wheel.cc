#include "core/event/wheel.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace weir::event {

Deadline::~Deadline() {
  if (link_ != nullptr) Wheel::unlink(*this);
}

Wheel::Wheel(Milliseconds now) : now_(now), current_(tickOf(now)) {}

void Wheel::relink(Deadline& deadline) {
  if (deadline.link_ != nullptr) unlink(deadline);
  link(deadline, current_ + 1);
}

void Wheel::link(Deadline& deadline, std::uint64_t earliest) {
  // A deadline in a slot that has already fired would wait for a complete turn of the wheel.
  const std::uint64_t tick = std::max(deadline.due_, earliest);
  unsigned level = 0;
  while (level + 1 < kLevels &&
         (tick >> (kBits * level)) - (current_ >> (kBits * level)) >= kSlots) {
    ++level;
  }
  const unsigned shift = kBits * level;
  // Beyond the last level: use its last slot; the deadline is linked again when that slot fires.
  const std::uint64_t reach = (current_ >> shift) + kSlots - 1;
  const std::uint64_t slot_tick = std::min(tick >> shift, reach);
  const std::uint64_t slot = slot_tick & (kSlots - 1);
  Level& home = levels_[level];
  deadline.linked_at_ = slot_tick << shift;
  deadline.next_ = home.slots[slot];
  deadline.link_ = &home.slots[slot];
  if (deadline.next_ != nullptr) deadline.next_->link_ = &deadline.next_;
  home.slots[slot] = &deadline;
  home.used[slot / 64] |= std::uint64_t{1} << (slot % 64);
  if (deadline.linked_at_ < wake_tick_ && driver_ != nullptr) driver_->onEarlier();
}

void Wheel::unlink(Deadline& deadline) {
  *deadline.link_ = deadline.next_;
  if (deadline.next_ != nullptr) deadline.next_->link_ = deadline.link_;
  deadline.link_ = nullptr;
}

void Wheel::fire(Deadline*& slot) {
  // A deadline that fires may arm, disarm or destroy any other: take them one at a time.
  firing_ = std::exchange(slot, nullptr);
  if (firing_ != nullptr) firing_->link_ = &firing_;
  while (firing_ != nullptr) {
    Deadline& deadline = *firing_;
    unlink(deadline);
    if (deadline.due_ == Deadline::kNever) continue;
    if (deadline.due_ > current_) {
      link(deadline, current_ + 1);
      continue;
    }
    deadline.due_ = Deadline::kNever;
    deadline.onDeadline();
  }
}

void Wheel::cascade(unsigned level) {
  const std::uint64_t slot = (current_ >> (kBits * level)) & (kSlots - 1);
  if (slot == 0 && level + 1 < kLevels) cascade(level + 1);
  Level& home = levels_[level];
  home.used[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  Deadline* pending = home.slots[slot];
  home.slots[slot] = nullptr;
  while (pending != nullptr) {
    Deadline& deadline = *pending;
    pending = deadline.next_;
    deadline.link_ = nullptr;
    // A deadline due at this very tick goes into the slot of the first level that fires next.
    if (deadline.due_ != Deadline::kNever) link(deadline, current_);
  }
}

void Wheel::step() {
  ++current_;
  const std::uint64_t slot = current_ & (kSlots - 1);
  if (slot == 0) cascade(1);
  Level& first = levels_[0];
  const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
  if ((first.used[slot / 64] & bit) == 0) return;
  first.used[slot / 64] &= ~bit;
  fire(first.slots[slot]);
}

void Wheel::advance(Milliseconds now) {
  now_ = std::max(now_, now);
  wake_tick_ = 0;  // the driver asks again afterwards; deadlines linked meanwhile need not wake it
  const std::uint64_t target = tickOf(now_);
  while (current_ < target) {
    // Nothing can fire before nextTick(), so that a long sleep does not iterate over empty slots.
    const std::uint64_t next = nextTick();
    if (next > target) {
      current_ = target;
      break;
    }
    current_ = std::max(current_, next - 1);
    step();
  }
  wake_tick_ = Deadline::kNever;
}

std::uint64_t Wheel::nextTick() const {
  std::uint64_t next = Deadline::kNever;
  for (unsigned level = 0; level < kLevels; ++level) {
    const unsigned shift = kBits * level;
    const std::uint64_t ahead = slotsAhead(levels_[level], current_ >> shift);
    if (ahead != 0) next = std::min(next, ((current_ >> shift) + ahead) << shift);
  }
  return next;
}

std::uint64_t Wheel::slotsAhead(const Level& level, std::uint64_t base) {
  std::uint64_t ahead = 1;
  while (ahead <= kSlots) {
    const std::uint64_t slot = (base + ahead) & (kSlots - 1);
    const std::uint64_t word = level.used[slot / 64] >> (slot % 64);
    if (word != 0) return ahead + static_cast<std::uint64_t>(std::countr_zero(word));
    ahead += 64 - slot % 64;
  }
  return 0;
}

Milliseconds Wheel::untilNext(Milliseconds now) const {
  const std::uint64_t next = nextTick();
  if (next == Deadline::kNever) return Milliseconds(-1);
  const Milliseconds at = kTick * static_cast<std::int64_t>(next);
  return std::max(at - now, Milliseconds(0));
}

}  // namespace weir::event
