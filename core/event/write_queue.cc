#include "core/event/write_queue.h"

#include <cerrno>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include "core/event/system_error.h"

namespace weir::event {

Result<WriterSignal> WriterSignal::open() {
  const int descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) return errorOf(-errno);
  return WriterSignal(descriptor);
}

WriterSignal::~WriterSignal() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void WriterSignal::ring() const { ::eventfd_write(descriptor_, 1); }

void WriterSignal::clear() const {
  eventfd_t count = 0;
  ::eventfd_read(descriptor_, &count);
}

std::span<char> WriteQueue::room() {
  if (current_ == nullptr && !prepareBlock()) return {};
  return {current_->bytes.get() + current_->used, kBlockBytes - current_->used};
}

bool WriteQueue::prepareBlock() {
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  const std::uint64_t head = head_.load(std::memory_order_acquire);
  if (tail - head == kBlocks) return false;
  Block& block = at(tail);
  if (block.bytes == nullptr) block.bytes = takeBuffer(head);
  block.used = 0;
  block.lines = 0;
  current_ = &block;
  return true;
}

// Reuses the buffer of a written block, so that an ordinary load needs only two or three.
std::unique_ptr<char[]> WriteQueue::takeBuffer(std::uint64_t head) {
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  for (std::uint64_t position = head; position + kBlocks > tail + 1 && position > 0; --position) {
    Block& written = at(position - 1);
    if (written.bytes != nullptr) return std::move(written.bytes);
  }
  return std::unique_ptr<char[]>(new char[kBlockBytes]);
}

void WriteQueue::commit(std::size_t bytes) {
  current_->used += bytes;
  ++current_->lines;
}

void WriteQueue::handOn() {
  if (filled() == 0) return;
  current_ = nullptr;
  tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  signal_.ring();
}

void WriteQueue::close() {
  handOn();
  // The writer thread may free the queue at once; the signal outlives it.
  WriterSignal& signal = signal_;
  closed_.store(true, std::memory_order_release);
  signal.ring();
}

std::optional<std::string_view> WriteQueue::front() const {
  const std::uint64_t head = head_.load(std::memory_order_acquire);
  if (head == tail_.load(std::memory_order_acquire)) return std::nullopt;
  return std::string_view(at(head).bytes.get(), at(head).used);
}

void WriteQueue::pop(bool written) {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  if (!written) lost_.fetch_add(at(head).lines, std::memory_order_relaxed);
  head_.store(head + 1, std::memory_order_release);
}

bool WriteQueue::finished() const {
  const bool closed = closed_.load(std::memory_order_acquire);
  return closed && !front().has_value();
}

}  // namespace weir::event
