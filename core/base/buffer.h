#pragma once

#include <cstddef>
#include <span>

#include "core/base/arena.h"
#include "core/base/bytes.h"

namespace weir {

// A queue of bytes in pooled chunks: appended at the end, consumed from the front. Holds no memory
// while it is empty.
class Buffer {
 public:
  explicit Buffer(BlockPool& pool) : pool_(&pool) {}
  ~Buffer() {
    if (last_ != nullptr) clear();
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  void append(Bytes bytes) {
    if (!bytes.empty()) appendSome(bytes);
  }
  void consume(std::size_t bytes);  // from the front; at most size()
  void clear() { consume(size_); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Bytes front() const;  // the first contiguous piece; empty when the buffer is
  // Fills `pieces` with the first pieces in order and returns their number.
  std::size_t peek(std::span<Bytes> pieces) const;
  // Room at the end for at least one byte, to be filled from the front and then committed.
  std::span<char> prepare();
  void commit(std::size_t bytes);

 private:
  struct Chunk;
  void appendSome(Bytes bytes);
  Chunk* first() const;
  BlockPool* pool_;
  Chunk* last_ = nullptr;  // its `next` is the first chunk, which saves a pointer per connection
  std::size_t size_ = 0;
};

}  // namespace weir
