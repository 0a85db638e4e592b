#include "core/base/buffer.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/base/check.h"

namespace weir {

struct Buffer::Chunk {
  Chunk* next = nullptr;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  char* memory() { return reinterpret_cast<char*>(this + 1); }
  std::size_t size() const { return end - begin; }
};

std::span<char> Buffer::prepare() {
  const std::size_t capacity = pool_->blockBytes() - sizeof(Chunk);
  if (last_ == nullptr || last_->end == capacity) {
    auto* fresh = new (pool_->lend()) Chunk;
    (last_ == nullptr ? first_ : last_->next) = fresh;
    last_ = fresh;
  }
  return {last_->memory() + last_->end, capacity - last_->end};
}

void Buffer::commit(std::size_t bytes) {
  last_->end += static_cast<std::uint32_t>(bytes);
  size_ += bytes;
}

void Buffer::append(Bytes bytes) {
  while (!bytes.empty()) {
    const std::span<char> room = prepare();
    const std::size_t now = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), now);
    commit(now);
    bytes = bytes.subspan(now);
  }
}

void Buffer::consume(std::size_t bytes) {
  WEIR_CHECK(bytes <= size_);
  size_ -= bytes;
  while (first_ != nullptr && (bytes > 0 || first_->size() == 0)) {
    const std::size_t now = std::min(bytes, first_->size());
    first_->begin += static_cast<std::uint32_t>(now);
    bytes -= now;
    if (first_->size() > 0) return;
    Chunk* empty = first_;
    first_ = empty->next;
    if (first_ == nullptr) last_ = nullptr;
    pool_->giveBack(empty);
  }
}

Bytes Buffer::front() const {
  if (first_ == nullptr) return {};
  return {first_->memory() + first_->begin, first_->size()};
}

std::size_t Buffer::peek(std::span<Bytes> pieces) const {
  std::size_t count = 0;
  for (Chunk* at = first_; at != nullptr && count < pieces.size(); at = at->next) {
    pieces[count++] = {at->memory() + at->begin, at->size()};
  }
  return count;
}

}  // namespace weir
