#pragma once

#include <memory>

#include "core/event/loop.h"
#include "core/event/shared_count.h"

namespace weir::gateway {

// A part on the control thread that fetches something which workers may need again earlier than
// planned.
class Refreshable {
 public:
  virtual ~Refreshable() = default;
  // A worker has asked. The fetch that begins now, or is in progress, ends with Refetching::end().
  virtual void refetch() = 0;
};

class Refetching;

// Lets workers ask a Refreshable to fetch again, in a bounded way. Part of its snapshots.
class RefreshGate {
 public:
  static constexpr Milliseconds kInterval{10'000};  // between fetches that workers cause

  // A Refetching as long as it lives.
  struct Living {
    Refetching& refetching;
  };
  RefreshGate(event::Loop& loop, std::weak_ptr<const Living> living)
      : loop_(loop), living_(std::move(living)) {}

  // Any thread. True if a fetch is in progress, perhaps because of this call; a snapshot follows.
  bool ask() const;
  // Any thread. Whether a fetch is in progress; a snapshot follows.
  bool isFetching() const { return fetching_.value() > 0; }

 private:
  friend class Refetching;

  event::Loop& loop_;  // of the control thread
  const std::weak_ptr<const Living> living_;
  mutable event::SharedCount fetching_;  // more than 0: a fetch is in progress
  mutable event::SharedCount asked_;     // 1: by a worker, within the interval
};

// The end of a RefreshGate on the control thread; a member of its Refreshable.
class Refetching {
 public:
  Refetching(event::Loop& loop, Refreshable& owner);
  Refetching(const Refetching&) = delete;
  Refetching& operator=(const Refetching&) = delete;

  const std::shared_ptr<const RefreshGate>& gate() const { return gate_; }
  void begin();  // the owner has begun a fetch
  void end();    // it has ended; the owner publishes a snapshot next

 private:
  friend class RefreshGate;
  void onAsked();
  void onCooled() { gate_->asked_.remove(); }

  Refreshable& owner_;
  const std::shared_ptr<const RefreshGate::Living> living_;
  const std::shared_ptr<const RefreshGate> gate_;
  unsigned fetches_ = 0;  // counted in the gate
  bool asked_ = false;    // by a worker, since the last fetch ended
  event::Alarm<Refetching, &Refetching::onCooled> cooled_;
};

}  // namespace weir::gateway
