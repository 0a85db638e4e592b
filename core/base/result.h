#pragma once

#include <utility>
#include <variant>

#include "core/base/check.h"
#include "core/base/error.h"

namespace weir {

// Either a value or an Error. Ask ok() first: value() of a failure aborts.
template <typename T>
class [[nodiscard]] Result {
 public:
  explicit(false) Result(T value) : state_(std::move(value)) {}  // as in `return value;`
  explicit(false) Result(Error error) : state_(error) {}

  bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }

  T& value() {
    WEIR_CHECK(ok());
    return *std::get_if<T>(&state_);
  }
  const T& value() const {
    WEIR_CHECK(ok());
    return *std::get_if<T>(&state_);
  }
  const Error& error() const {
    WEIR_CHECK(!ok());
    return *std::get_if<Error>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  explicit(false) Result(Error error) : error_(error), failed_(true) {}

  bool ok() const { return !failed_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    WEIR_CHECK(failed_);
    return error_;
  }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace weir

// Returns the error to the caller, or declares `declaration` with the value.
#define WEIR_TRY(declaration, expression)      \
  auto WEIR_TRY_NAME(__LINE__) = (expression); \
  if (!WEIR_TRY_NAME(__LINE__).ok()) {         \
    return WEIR_TRY_NAME(__LINE__).error();    \
  }                                            \
  declaration = std::move(WEIR_TRY_NAME(__LINE__).value())
#define WEIR_TRY_NAME(line) WEIR_TRY_JOIN(weir_try_, line)
#define WEIR_TRY_JOIN(left, right) left##right
