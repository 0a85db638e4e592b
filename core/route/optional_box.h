#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace weir::route {

// An optional value in memory of its own, so that a rarely used value costs little if it is absent.
// Copies copy the value.
template <typename T>
class OptionalBox {
 public:
  OptionalBox() = default;
  explicit(false) OptionalBox(T value)  // like std::optional
      : value_(std::make_unique<T>(std::move(value))) {}
  OptionalBox(const OptionalBox& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
  OptionalBox(OptionalBox&& other) noexcept = default;
  ~OptionalBox() = default;
  OptionalBox& operator=(const OptionalBox& other) {
    if (this != &other) value_ = other ? std::make_unique<T>(*other) : nullptr;
    return *this;
  }
  OptionalBox& operator=(OptionalBox&& other) noexcept = default;

  explicit operator bool() const { return value_ != nullptr; }
  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  std::optional<T> optional() const { return value_ ? std::optional<T>(*value_) : std::nullopt; }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace weir::route
