#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/config/chosen.h"
#include "core/filter/maker.h"
#include "core/filter/registry.h"

namespace weir::filter {

// The configured filters of all plans in use, found by equal settings. It does not keep them alive:
// the plans do. Filters without parts that outlive exchanges are found only if their settings are
// written in the same way, which costs less: another configured filter makes no difference there.
//
// Thread: the control thread.
class Kept {
 public:
  explicit Kept(const Registry& registry) : registry_(registry) {}  // outlives this object

  // A configured filter with equal settings; made if there is none. The settings are checked in
  // either case.
  std::shared_ptr<const Maker> get(const config::Selected& selected, References& references,
                                   config::Diagnostics& diagnostics);
  const Registry& registry() const { return registry_; }
  void dropUnused();
  std::size_t size() const { return entries_.size(); }  // unused ones included

 private:
  struct Entry {
    config::Selected selected;
    std::weak_ptr<const Maker> maker;
  };
  using Entries = std::unordered_multimap<std::size_t, Entry>;

  std::shared_ptr<const Maker> findRecent(const config::Selected& selected);
  std::shared_ptr<const Maker> find(const config::Selected& selected, std::size_t hash);
  void noteRecent(const Entry& entry);

  const Registry& registry_;
  Entries entries_;  // by hash of their settings
  // The entries that were used last: most routes have the same filters as the routes before them,
  // and a comparison costs less than a hash.
  std::vector<const Entry*> recent_;
  MakerId last_id_ = 0;
};

}  // namespace weir::filter
