#pragma once

#include <utility>

#include "core/base/result.h"

namespace weir::test {

// What was opened; aborts when it could not be.
template <typename T>
T opened(Result<T> result) {
  return std::move(result.value());
}

}  // namespace weir::test
