#pragma once

#include <array>
#include <cstddef>

namespace weir {

// A heap for one thread, for a library that allocates and frees small pieces with every request:
// freed pieces of up to kMostBytes are kept by size and used again. Larger ones go to the system.
//
// Like operator new, it calls the new handler when memory is exhausted; without one the result is
// null.
class FreeLists {
 public:
  static constexpr std::size_t kMostBytes = 2032;
  static constexpr std::size_t kKeptBytes = 256 * 1024;  // at most, in all lists together
#if defined(__SANITIZE_ADDRESS__)
  static constexpr bool kReuses = false;  // so that AddressSanitizer sees the use of a freed piece
#else
  static constexpr bool kReuses = true;
#endif

  FreeLists() = default;
  ~FreeLists() { trim(0); }
  FreeLists(const FreeLists&) = delete;
  FreeLists& operator=(const FreeLists&) = delete;

  void* allocate(std::size_t bytes) {  // aligned for any type; contents undefined
    if (bytes > kMostBytes) return allocateNew(bytes);
    const std::size_t place = placeFor(bytes);
    Piece* const piece = lists_[place];
    if (piece == nullptr) return allocateNew(bytes);
    lists_[place] = piece->next;
    kept_ -= place * kStep;
    return piece + 1;
  }
  void* allocateZeroes(std::size_t count, std::size_t size);
  void* resize(void* memory, std::size_t bytes);  // null leaves `memory` as it is
  void giveBack(void* memory);                    // null is allowed
  void trim(std::size_t keep);                    // frees unused pieces beyond so many bytes
  std::size_t kept() const { return kept_; }      // bytes
  std::size_t fromSystem() const { return from_system_; }  // pieces taken from it so far

 private:
  // Before each piece.
  struct alignas(std::max_align_t) Piece {
    std::size_t bytes;  // of the piece and this header
    Piece* next;        // in a list
  };
  static constexpr std::size_t kStep = 64;  // between the sizes of two lists

  static std::size_t placeFor(std::size_t bytes) {
    return (bytes + sizeof(Piece) + kStep - 1) / kStep;
  }
  void* allocateNew(std::size_t bytes);

  // The pieces of place * kStep bytes; none at 0.
  std::array<Piece*, (kMostBytes + sizeof(Piece)) / kStep + 1> lists_{};
  std::size_t kept_ = 0;
  std::size_t from_system_ = 0;
};

}  // namespace weir
