#include "core/filter/registry.h"

#include <algorithm>

#include "core/base/check.h"

namespace weir::filter {

const Registry::Kind& Registry::kindOf(const config::Selected& selected) const {
  const auto kind = std::ranges::find(kinds_, selected.kind(), &Kind::name);
  WEIR_CHECK(kind != kinds_.end());
  return *kind;
}

std::size_t Registry::hashOf(const config::Selected& selected) const {
  return config::hashOf(config::Codec<config::Selected>::show(
      selected, config::Rules<config::Selected>{{}, &variants_}, {extensions_}));
}

}  // namespace weir::filter
