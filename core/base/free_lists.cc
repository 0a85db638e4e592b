#include "core/base/free_lists.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

namespace weir {

void* FreeLists::allocateNew(std::size_t bytes) {
  if (bytes > std::numeric_limits<std::size_t>::max() / 2) return nullptr;
  ++from_system_;
  const std::size_t rounded = placeFor(bytes) * kStep;
  void* const memory = ::operator new(rounded, std::nothrow);
  return memory == nullptr ? nullptr : new (memory) Piece{rounded, nullptr} + 1;
}

void* FreeLists::allocateZeroes(std::size_t count, std::size_t size) {
  if (size > 0 && count > std::numeric_limits<std::size_t>::max() / size) return nullptr;
  void* const memory = allocate(count * size);
  if (memory != nullptr) std::memset(memory, 0, count * size);
  return memory;
}

void* FreeLists::resize(void* memory, std::size_t bytes) {
  if (memory == nullptr) return allocate(bytes);
  const std::size_t room = (static_cast<Piece*>(memory) - 1)->bytes - sizeof(Piece);
  if (bytes <= room && room <= 2 * bytes + kStep) return memory;
  void* const moved = allocate(bytes);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, memory, std::min(room, bytes));
  giveBack(memory);
  return moved;
}

void FreeLists::giveBack(void* memory) {
  if (memory == nullptr) return;
  Piece* const piece = static_cast<Piece*>(memory) - 1;
  const std::size_t place = piece->bytes / kStep;
  if (!kReuses || place >= lists_.size() || kept_ + piece->bytes > kKeptBytes) {
    return ::operator delete(piece);
  }
  piece->next = std::exchange(lists_[place], piece);
  kept_ += piece->bytes;
}

void FreeLists::trim(std::size_t keep) {
  for (std::size_t place = lists_.size(); place-- > 0;) {
    for (Piece*& first = lists_[place]; first != nullptr && kept_ > keep; kept_ -= place * kStep) {
      ::operator delete(std::exchange(first, first->next));
    }
  }
}

}  // namespace weir
