#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace weir {

// The captures of a route's path: the segments named by a template, or the groups of a regex,
// numbered from 1. Views into the request's path.
class Captures {
 public:
  static constexpr std::size_t kMax = 9;

  // Empty if the number has no capture.
  std::string_view operator[](std::size_t number) const {
    return number - 1 < size_ ? values_[number - 1] : std::string_view();
  }
  std::size_t size() const { return size_; }

  void clear() { size_ = 0; }
  void push(std::string_view value) {  // at most kMax times
    values_[size_++] = value;
  }
  void pop() { --size_; }

 private:
  std::size_t size_ = 0;
  std::array<std::string_view, kMax> values_;
};

}  // namespace weir
