#include "core/base/arena.h"

#include <algorithm>

namespace weir {

BlockPool::BlockPool(std::size_t block_bytes) : block_bytes_(std::max(block_bytes, sizeof(Idle))) {}

BlockPool::~BlockPool() { trim(0); }

void* BlockPool::lend() {
  ++lent_;
  if (idle_ == nullptr) return ::operator new(block_bytes_);
  --idle_count_;
  return std::exchange(idle_, idle_->next);
}

void BlockPool::giveBack(void* block) {
  --lent_;
  ++idle_count_;
  idle_ = new (block) Idle{idle_};
}

void BlockPool::trim(std::size_t keep) {
  while (idle_count_ > keep) {
    --idle_count_;
    ::operator delete(std::exchange(idle_, idle_->next));
  }
}

char* Arena::allocateSlow(std::size_t bytes, std::size_t alignment) {
  const std::size_t needed = sizeof(Block) + bytes + alignment;
  const bool pooled = needed <= pool_.blockBytes();
  void* memory = pooled ? pool_.lend() : ::operator new(needed);
  auto* block = new (memory) Block{blocks_, pooled};
  blocks_ = block;
  auto start = reinterpret_cast<std::uintptr_t>(block + 1);
  start = (start + alignment - 1) & ~(alignment - 1);
  const auto end =
      reinterpret_cast<std::uintptr_t>(memory) + (pooled ? pool_.blockBytes() : needed);
  // A large piece gets a block of its own; the block in use stays the one for small pieces.
  if (pooled || end_ == 0) {
    cursor_ = start + bytes;
    end_ = end;
  }
  return reinterpret_cast<char*>(start);
}

void Arena::reset() {
  while (blocks_ != nullptr) {
    Block* block = std::exchange(blocks_, blocks_->next);
    if (block->pooled) {
      pool_.giveBack(block);
    } else {
      ::operator delete(block);
    }
  }
  cursor_ = 0;
  end_ = 0;
}

}  // namespace weir
