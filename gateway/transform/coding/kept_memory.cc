#include "gateway/transform/coding/kept_memory.h"

#include <cstdlib>
#include <new>

namespace weir::gateway {

KeptMemory::~KeptMemory() {
  while (blocks_ != nullptr) {
    Block* const block = blocks_;
    blocks_ = block->next;
    std::free(block);
  }
}

// The first block that fits without wasting more than half of it.
void* KeptMemory::allocate(std::size_t bytes) {
  for (Block** at = &blocks_; *at != nullptr; at = &(*at)->next) {
    Block* const block = *at;
    if (block->bytes < bytes || block->bytes / 2 > bytes) continue;
    *at = block->next;
    kept_bytes_ -= block->bytes;
    return block + 1;
  }
  void* const memory = std::malloc(sizeof(Block) + bytes);
  if (memory == nullptr) return nullptr;
  held_bytes_ += bytes;
  return new (memory) Block{nullptr, bytes} + 1;
}

void KeptMemory::release(void* memory) {
  if (memory == nullptr) return;
  Block* const block = static_cast<Block*>(memory) - 1;
  if (kept_bytes_ + block->bytes > kMostKept) {
    held_bytes_ -= block->bytes;
    return std::free(block);
  }
  block->next = blocks_;
  blocks_ = block;
  kept_bytes_ += block->bytes;
}

}  // namespace weir::gateway
