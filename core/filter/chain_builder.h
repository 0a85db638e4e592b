#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/names.h"
#include "core/config/diagnostics.h"
#include "core/filter/chain.h"
#include "core/filter/filter_setting.h"
#include "core/filter/kept.h"
#include "core/filter/worker_parts.h"

namespace weir::filter {

// Makes the filter chains of one plan. Equal chains are one.
//
// Thread: the control thread.
class ChainBuilder {
 public:
  // All of them outlive the builder.
  ChainBuilder(Kept& kept, References& references, NameTable& names)
      : kept_(kept), references_(references), names_(names) {}

  // Makes the filters to which the others can refer by name.
  void define(const NamedFilters& filters, config::Diagnostics& diagnostics);

  // The filters in this order. If there are mistakes, some are left out.
  Chain resolve(const std::vector<FilterSetting>& filters, config::Diagnostics& diagnostics);
  // A filter that is not made from settings.
  Link link(std::string_view name, std::shared_ptr<const Maker> maker);
  // Whether the filter fills the principal.
  bool authenticates(const FilterSetting& filter) const;
  // Null if there are no filters.
  std::shared_ptr<const Chain> share(Chain chain);
  std::shared_ptr<const Chain> chain(const std::vector<FilterSetting>& filters,
                                     config::Diagnostics& diagnostics) {
    return share(resolve(filters, diagnostics));
  }

  // Of all chains made so far.
  LastingFilters lasting() const;
  http::FieldSet requestFields() const;  // that the filters may set
  std::size_t longest() const;           // number of filters

 private:
  // The filters of a chain, and how many of them are a listener's.
  using Key = std::pair<std::vector<std::shared_ptr<const Maker>>, std::size_t>;

  static Key keyOf(const Chain& chain);
  Link link(const config::Selected& settings, config::Diagnostics& diagnostics);
  const Link* find(const FilterSetting& named, config::Diagnostics& diagnostics) const;

  Kept& kept_;
  References& references_;
  NameTable& names_;
  std::map<std::string, Link, std::less<>> named_;  // without a maker if it has mistakes
  std::map<std::string, config::Selected, std::less<>> named_settings_;
  std::map<Key, std::shared_ptr<const Chain>> chains_;
};

}  // namespace weir::filter
