#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/arena.h"

namespace weir::upstream {

struct Member;

// The members between which a balancer chose, and what each would have cost in its eyes, for
// somebody who watches a request. Texts are in the arena of the request.
class Candidates {
 public:
  static constexpr std::size_t kMost = 8;

  struct Candidate {
    std::string_view endpoint;
    double cost = 0;  // in the unit of the balancer
    std::uint32_t in_flight = 0;
  };

  explicit Candidates(Arena& arena) : arena_(&arena) {}

  // Those beyond kMost are left out.
  void add(const Member& member, double cost);
  void clear() { size_ = 0; }
  std::span<const Candidate> all() const { return {list_.data(), size_}; }

 private:
  Arena* arena_;
  std::array<Candidate, kMost> list_{};
  std::size_t size_ = 0;
};

}  // namespace weir::upstream
