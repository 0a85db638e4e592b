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

Buffer::Chunk* Buffer::first() const { return last_ == nullptr ? nullptr : last_->next; }

std::span<char> Buffer::prepare() {
  const std::size_t capacity = pool_->blockBytes() - sizeof(Chunk);
  if (last_ == nullptr || last_->end == capacity) {
    auto* fresh = new (pool_->lend()) Chunk;
    fresh->next = last_ == nullptr ? fresh : last_->next;
    if (last_ != nullptr) last_->next = fresh;
    last_ = fresh;
  }
  return {last_->memory() + last_->end, capacity - last_->end};
}

void Buffer::commit(std::size_t bytes) {
  last_->end += static_cast<std::uint32_t>(bytes);
  size_ += bytes;
}

void Buffer::appendSome(Bytes bytes) {
  do {
    const std::span<char> room = prepare();
    const std::size_t now = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), now);
    commit(now);
    bytes = bytes.subspan(now);
  } while (!bytes.empty());
}

void Buffer::consume(std::size_t bytes) {
  WEIR_CHECK(bytes <= size_);
  size_ -= bytes;
  while (last_ != nullptr && (bytes > 0 || first()->size() == 0)) {
    Chunk* const front = first();
    const std::size_t now = std::min(bytes, front->size());
    front->begin += static_cast<std::uint32_t>(now);
    bytes -= now;
    if (front->size() > 0) return;
    if (front == last_) {
      last_ = nullptr;
    } else {
      last_->next = front->next;
    }
    pool_->giveBack(front);
  }
}

Bytes Buffer::front() const {
  if (last_ == nullptr) return {};
  return {first()->memory() + first()->begin, first()->size()};
}

std::size_t Buffer::peek(std::span<Bytes> pieces) const {
  std::size_t count = 0;
  for (Chunk* at = first(); at != nullptr && count < pieces.size(); at = at->next) {
    pieces[count++] = {at->memory() + at->begin, at->size()};
    if (at == last_) break;
  }
  return count;
}

}  // namespace weir
