#include "gateway/auth/refresh_gate.h"

#include <utility>

namespace weir::gateway {

bool RefreshGate::ask() const {
  if (isFetching()) return true;
  if (!asked_.tryAdd(1)) return false;
  fetching_.tryAdd(0);
  loop_.post([weak = living_] {
    if (const auto living = weak.lock()) living->refetching.onAsked();
  });
  return true;
}

Refetching::Refetching(event::Loop& loop, Refreshable& owner)
    : owner_(owner),
      living_(std::make_shared<const RefreshGate::Living>(RefreshGate::Living{*this})),
      gate_(std::make_shared<const RefreshGate>(loop, living_)),
      cooled_(loop.wheel(), *this) {}

void Refetching::begin() {
  gate_->fetching_.tryAdd(0);
  ++fetches_;
}

// The worker has counted the fetch already.
void Refetching::onAsked() {
  asked_ = true;
  ++fetches_;
  owner_.refetch();
}

void Refetching::end() {
  if (std::exchange(asked_, false)) cooled_.arm(RefreshGate::kInterval);
  for (; fetches_ > 0; --fetches_) gate_->fetching_.remove();
}

}  // namespace weir::gateway
