#pragma once

#include <cstddef>

namespace weir::gateway {

// Memory for a library that needs blocks of the same sizes for each body: those that it frees are
// kept for the next one, because fresh memory costs a page fault for every 4 KiB.
class KeptMemory {
 public:
  KeptMemory() = default;
  ~KeptMemory();
  KeptMemory(const KeptMemory&) = delete;
  KeptMemory& operator=(const KeptMemory&) = delete;

  // Aligned for any type; null if there is no memory.
  void* allocate(std::size_t bytes);
  void release(void* memory);  // of allocate(), or null
  std::size_t kept() const { return kept_bytes_; }
  std::size_t held() const { return held_bytes_; }  // kept or in use

 private:
  static constexpr std::size_t kMostKept = 4 * 1024 * 1024;
  struct alignas(std::max_align_t) Block {
    Block* next;
    std::size_t bytes;
  };

  Block* blocks_ = nullptr;
  std::size_t kept_bytes_ = 0;
  std::size_t held_bytes_ = 0;
};

}  // namespace weir::gateway
