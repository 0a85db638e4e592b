#include "core/event/memory_reserve.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

namespace weir::event {
namespace {

// In pieces: an address space without a gap of 8 MiB may still have free blocks of this size.
constexpr std::size_t kPieces = 64;
constexpr std::size_t kPieceBytes = 128 * 1024;

constexpr std::size_t kPiecesPerFailure = 4;

struct Piece {
  Piece* next;
};

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): operator new calls a plain
// function.
std::mutex guard;
Piece* reserve = nullptr;
std::size_t pieces_held = 0;
std::atomic<bool> exhausted{false};
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables): see above

// Frees up to `count` pieces; returns how many.
std::size_t release(std::size_t count) {
  std::size_t released = 0;
  for (; released < count && reserve != nullptr; ++released) {
    std::free(std::exchange(reserve, reserve->next));
  }
  pieces_held -= released;
  return released;
}

// Called by operator new, which retries when this returns. Several threads may fail at once: each
// gets a part of the reserve.
void onAllocationFailed() {
  const std::lock_guard lock(guard);
  exhausted.store(true, std::memory_order_relaxed);
  if (release(kPiecesPerFailure) == 0) std::set_new_handler(nullptr);  // nothing is left
}

}  // namespace

void keepMemoryReserve() {
  const std::lock_guard lock(guard);
  while (pieces_held < kPieces) {
    void* const room = std::malloc(kPieceBytes);  // does not call the handler
    if (room == nullptr) break;
    reserve = new (room) Piece{reserve};
    ++pieces_held;
  }
  if (pieces_held > 0) std::set_new_handler(onAllocationFailed);
  if (pieces_held == kPieces) exhausted.store(false, std::memory_order_relaxed);
}

bool memoryExhausted() { return exhausted.load(std::memory_order_relaxed); }

}  // namespace weir::event
