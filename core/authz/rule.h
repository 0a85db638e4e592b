#pragma once

#include <string>
#include <vector>

#include "core/authz/policy.h"
#include "core/config/diagnostics.h"
#include "core/route/placed_text.h"

namespace weir::config {
class Table;
}

namespace weir::authz {

// [[authorize]]: a policy about the connections of listeners and their requests.
struct Rule {
  Policy policy;
  std::vector<route::PlacedText> listeners;  // empty: all
  config::Origin origin;

  bool appliesTo(std::string_view listener) const;
  bool operator==(const Rule&) const = default;
  static void read(config::Table& table, Rule& out);
};

}  // namespace weir::authz
