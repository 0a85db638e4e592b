#pragma once

#include <vector>

#include <gtest/gtest.h>

#include "core/filter/chain_builder.h"

namespace weir::test {

// The chain of these filters, made outside of a plan.
inline filter::Chain chainOf(const filter::Registry& registry,
                             const std::vector<filter::FilterSetting>& filters, NameTable& names) {
  filter::Kept kept(registry);
  filter::References references({}, names);
  filter::ChainBuilder builder(kept, references, names);
  config::Diagnostics diagnostics;
  const auto chain = builder.chain(filters, diagnostics);
  EXPECT_EQ(diagnostics.text(), "");
  return chain == nullptr ? filter::Chain() : *chain;
}

}  // namespace weir::test
