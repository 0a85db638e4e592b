#pragma once

#include <utility>

#include "core/base/result.h"

namespace weir::test {

// Returns the opened object; aborts if opening failed.
template <typename T>
T opened(Result<T> result) {
  return std::move(result.value());
}

}  // namespace weir::test
