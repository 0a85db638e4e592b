#pragma once

#include <map>
#include <memory>
#include <vector>

#include "core/base/names.h"
#include "core/config/diagnostics.h"
#include "core/filter/chain.h"
#include "core/filter/kept.h"
#include "core/filter/worker_parts.h"

namespace weir::filter {

// Makes the filter chains of one plan. Routes with equal filters share a chain.
//
// Thread: the control thread.
class ChainBuilder {
 public:
  // All of them outlive the builder.
  ChainBuilder(Kept& kept, References& references, NameTable& names)
      : kept_(kept), references_(references), names_(names) {}

  // Null if there are no filters.
  std::shared_ptr<const Chain> chain(const std::vector<config::Selected>& filters,
                                     config::Diagnostics& diagnostics);
  // Of all chains made so far.
  LastingFilters lasting() const;
  http::FieldSet requestFields() const;  // that the filters may set

 private:
  using Makers = std::vector<std::shared_ptr<const Maker>>;
  std::shared_ptr<const Chain> makeChain(const std::vector<config::Selected>& filters,
                                         const Makers& makers);

  Kept& kept_;
  References& references_;
  NameTable& names_;
  std::map<Makers, std::shared_ptr<const Chain>> chains_;
};

}  // namespace weir::filter
