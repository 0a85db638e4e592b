#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/config/chosen.h"
#include "core/config/codec.h"
#include "core/config/diagnostics.h"

namespace weir::filter {

// An element of a list of filters: a kind with its settings, or the name of a filter that the
// configuration defines in [filter.NAME].
struct FilterSetting {
  config::Selected settings;   // not made if it is a name
  std::string name;            // empty: settings in place
  config::Origin origin = {};  // of the name

  friend bool operator==(const FilterSetting&, const FilterSetting&) = default;
};

// [filter.NAME]
using NamedFilters = std::vector<std::pair<std::string, config::Selected>>;

}  // namespace weir::filter

namespace weir::config {

template <>
struct Rules<filter::FilterSetting> {
  Limits limits;
  const VariantSet* kinds = nullptr;
};

template <>
struct Codec<filter::FilterSetting> {
  using TypeRules = Rules<filter::FilterSetting>;

  static bool read(const Entry& entry, filter::FilterSetting& out, const TypeRules& rules);
  static Type type(const filter::FilterSetting& now, const TypeRules& rules, const Scope& scope);
  static Value show(const filter::FilterSetting& now, const TypeRules& rules, const Scope& scope);
};

}  // namespace weir::config
