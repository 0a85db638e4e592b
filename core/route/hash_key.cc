#include "core/route/hash_key.h"

#include "core/base/hash.h"

namespace weir::route {

std::optional<std::uint64_t> HashKey::of(const Variables& variables, Arena& arena) const {
  for (const Text& text : texts_) {
    const std::string_view value = text.expand(variables, arena);
    if (!value.empty()) return stableHash(value);
  }
  return std::nullopt;
}

}  // namespace weir::route
