#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/clock.h"

namespace weir::redis {

class Waiter;

// The commands without a reply so far, in the order in which they were sent. Each has a number;
// replies arrive in the order of the numbers.
class Pending {
 public:
  struct Command {
    Waiter* waiter = nullptr;  // null: nobody needs the reply any more
    Milliseconds sent{0};
    bool patient = false;  // it is not given up
  };

  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  std::uint64_t first() const { return first_; }  // its number
  std::uint64_t end() const { return first_ + count_; }
  Command& operator[](std::uint64_t number) { return ring_[number & (ring_.size() - 1)]; }

  // Returns the number.
  std::uint64_t push(const Command& command) {
    if (count_ == ring_.size()) grow();
    (*this)[end()] = command;
    return first_ + count_++;
  }
  Command pop() {
    const Command command = (*this)[first_];
    ++first_;
    --count_;
    return command;
  }

 private:
  static constexpr std::size_t kRoom = 64;  // at first

  void grow() {
    std::vector<Command> larger(ring_.empty() ? kRoom : 2 * ring_.size());
    for (std::uint64_t i = first_; i < end(); ++i) larger[i & (larger.size() - 1)] = (*this)[i];
    ring_ = std::move(larger);
  }

  std::vector<Command> ring_;  // its size is a power of two
  std::uint64_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace weir::redis
