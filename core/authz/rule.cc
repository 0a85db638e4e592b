#include "core/authz/rule.h"

#include <algorithm>

#include "core/config/table.h"
#include "core/route/settings.h"

namespace weir::authz {

bool Rule::appliesTo(std::string_view listener) const {
  return listeners.empty() ||
         std::ranges::any_of(listeners, [&](const auto& each) { return each.text == listener; });
}

void Rule::read(config::Table& table, Rule& out) {
  Policy::read(table, out.policy);
  table.read("listeners", out.listeners,
             "Listeners to which the policy applies. Default: all; with `[sidecar]`, all except "
             "`outbound`.");
  table.locate(out.origin);
}

}  // namespace weir::authz
