#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/arena.h"
#include "core/route/text.h"

namespace weir::route {

// Makes the key by which a balancer selects the endpoint of a request.
class HashKey {
 public:
  explicit HashKey(std::vector<Text> texts) : texts_(std::move(texts)) {}

  // The hash of the first text that is not empty; nothing if all are.
  std::optional<std::uint64_t> of(const Variables& variables, Arena& arena) const;

 private:
  std::vector<Text> texts_;
};

}  // namespace weir::route
