#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weir {

// A configured name (listener, route, upstream, filter) as a small number that stays the same for
// the life of the process, across reloads: the key of metrics and of state that outlives a plan.
using NameId = std::uint32_t;

// Thread: the control thread. Names are never removed, so a NameId is never reused.
class NameTable {
 public:
  NameTable();  // id 0 is the empty name

  NameId intern(std::string_view name);
  std::string_view name(NameId id) const { return names_[id]; }  // valid as long as the table
  std::size_t size() const { return names_.size(); }

 private:
  std::deque<std::string> names_;
  std::unordered_map<std::string_view, NameId> ids_;
};

}  // namespace weir
