#include "core/event/memory_reserve.h"

#include <atomic>
#include <cstddef>
#include <new>

namespace weir::event {
namespace {

constexpr std::size_t kReserve = 8 * 1024 * 1024;

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): operator new calls a plain
// function.
std::atomic<void*> reserve{nullptr};
std::atomic<bool> exhausted{false};
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables): see above

// Called by operator new, which retries when this returns.
void onAllocationFailed() {
  void* const held = reserve.exchange(nullptr);
  exhausted.store(true, std::memory_order_relaxed);
  if (held == nullptr) std::set_new_handler(nullptr);  // nothing is left to release
  ::operator delete(held);
}

}  // namespace

void keepMemoryReserve() {
  if (reserve.load() != nullptr) return;
  std::set_new_handler(nullptr);
  void* const held = ::operator new(kReserve, std::nothrow);
  if (held == nullptr) return;
  reserve.store(held);
  exhausted.store(false, std::memory_order_relaxed);
  std::set_new_handler(onAllocationFailed);
}

bool memoryExhausted() { return exhausted.load(std::memory_order_relaxed); }

}  // namespace weir::event
