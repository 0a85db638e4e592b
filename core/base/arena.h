#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace weir {

// Memory blocks of one size, kept for reuse: one pool per worker and size. Only trim() returns
// blocks to the system.
class BlockPool {
 public:
  explicit BlockPool(std::size_t block_bytes);
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  void* lend();                 // aligned for any type; contents undefined
  void giveBack(void* block);   // must come from lend() of this pool
  void trim(std::size_t keep);  // frees all idle blocks but `keep`

  std::size_t blockBytes() const { return block_bytes_; }
  std::size_t lent() const { return lent_; }

 private:
  struct Idle {
    Idle* next;
  };
  const std::size_t block_bytes_;
  Idle* idle_ = nullptr;
  std::size_t idle_count_ = 0;
  std::size_t lent_ = 0;
};

// Memory for one exchange: bump allocation from pooled blocks, all released at once. Holds only
// trivially destructible objects: no destructor runs, the memory is reused.
class Arena {
 public:
  explicit Arena(BlockPool& pool) : pool_(pool) {}
  ~Arena() { reset(); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  char* allocate(std::size_t bytes, std::size_t alignment = 1) {
    auto at = (cursor_ + alignment - 1) & ~(alignment - 1);
    if (at + bytes > end_) [[unlikely]]
      return allocateSlow(bytes, alignment);
    cursor_ = at + bytes;
    return reinterpret_cast<char*>(at);
  }

  // Gives back the unused tail [used_end, end) of the latest allocation, which ended at `end`.
  void giveBack(const char* used_end, const char* end) {
    if (reinterpret_cast<std::uintptr_t>(end) == cursor_) {
      cursor_ = reinterpret_cast<std::uintptr_t>(used_end);
    }
  }

  template <typename T>
  T* array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return reinterpret_cast<T*>(allocate(count * sizeof(T), alignof(T)));
  }

  std::string_view copy(std::string_view text) {
    char* to = allocate(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  void reset();  // invalidates everything allocated

 private:
  struct Block {
    Block* next;
    bool pooled;
  };
  char* allocateSlow(std::size_t bytes, std::size_t alignment);

  BlockPool& pool_;
  Block* blocks_ = nullptr;
  std::uintptr_t cursor_ = 0;
  std::uintptr_t end_ = 0;
};

}  // namespace weir
