#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "core/base/result.h"

namespace weir::event {

// Wakes the writer thread, from any thread and without blocking.
class WriterSignal {
 public:
  static Result<WriterSignal> open();
  ~WriterSignal();
  WriterSignal(WriterSignal&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  WriterSignal& operator=(WriterSignal&&) = delete;

  void ring() const;
  void clear() const;                             // called by the writer thread once it is awake
  int descriptor() const { return descriptor_; }  // readable after ring()

 private:
  explicit WriterSignal(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// Lines from one worker to the writer thread, in blocks.
//
// Thread: one thread fills, the writer thread empties; neither ever waits for the other.
// Life:   made by WriterThread::open, ended by close(), freed by the writer thread.
class WriteQueue {
 public:
  static constexpr std::size_t kBlockBytes = 64 * 1024;
  static constexpr std::size_t kBlocks = 16;  // 1 MiB at the most

  explicit WriteQueue(WriterSignal& signal) : signal_(signal) {}
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  // The rest of the block that is being filled; empty when all blocks wait to be written.
  std::span<char> room();
  void commit(std::size_t bytes);  // the first bytes of room() now hold one line
  void handOn();                   // the block is complete, however full it is
  std::size_t filled() const { return current_ == nullptr ? 0 : current_->used; }
  // Lines that could not be written, since the last call.
  std::uint64_t takeLost() { return lost_.exchange(0, std::memory_order_relaxed); }
  void close();  // hands on the current block; must be the last call

  // For the writer thread: the oldest block handed on, then whether it was written.
  std::optional<std::string_view> front() const;
  void pop(bool written);
  bool finished() const;  // closed, and nothing left

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t used = 0;
    std::uint64_t lines = 0;
  };
  Block& at(std::uint64_t position) { return blocks_[position % kBlocks]; }
  const Block& at(std::uint64_t position) const { return blocks_[position % kBlocks]; }
  bool prepareBlock();
  std::unique_ptr<char[]> takeBuffer(std::uint64_t head);

  WriterSignal& signal_;
  std::array<Block, kBlocks>
      blocks_;                // [head, tail) belong to the writer, the others to the worker
  Block* current_ = nullptr;  // being filled; at(tail)
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  std::atomic<bool> closed_{false};
  alignas(64) std::atomic<std::uint64_t> head_{0};
  std::atomic<std::uint64_t> lost_{0};
};

struct CloseQueue {
  void operator()(WriteQueue* queue) const { queue->close(); }
};
using WriteQueueHandle = std::unique_ptr<WriteQueue, CloseQueue>;

}  // namespace weir::event
