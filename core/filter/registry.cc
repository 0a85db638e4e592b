#include "core/filter/registry.h"

#include <algorithm>

#include "core/base/check.h"

namespace weir::filter {

Chain Registry::chain(const std::vector<config::Selected>& filters, NameTable& names) const {
  Chain chain;
  chain.reserve(filters.size());
  for (const config::Selected& chosen : filters) {
    const auto maker = std::find_if(makers_.begin(), makers_.end(),
                                    [&](const auto& each) { return each.first == chosen.kind(); });
    WEIR_CHECK(maker != makers_.end());
    const NameId id = names.intern(chosen.kind());
    chain.push_back({id, names.name(id), maker->second(chosen)});
  }
  return chain;
}

}  // namespace weir::filter
