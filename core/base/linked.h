#pragma once

namespace weir {

// The links of a list that is kept by whoever owns the objects.
template <typename T>
struct Linked {
  T* next = nullptr;
  T* previous = nullptr;
};

}  // namespace weir
