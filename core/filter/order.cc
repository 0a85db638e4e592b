#include "core/filter/order.h"

#include <algorithm>
#include <string>

namespace weir::filter {

void warnOfOrder(const Registry& registry, const std::vector<const config::Selected*>& filters,
                 config::Diagnostics& diagnostics) {
  const auto authenticates = [&](const config::Selected* each) {
    return registry.kindOf(*each).authenticates;
  };
  const auto first = std::ranges::find_if(filters, authenticates);
  if (first == filters.end()) return;
  const auto warn = [&](const config::Selected& filter, const std::string& what) {
    diagnostics.warn({filter.location(), filter.kind(), what, {}});
  };
  for (auto at = filters.begin(); at != first; ++at) {
    if (!registry.kindOf(**at).reads_principal(**at)) continue;
    warn(**at, "is about the caller, whom " + (*first)->kind() +
                   " after it authenticates: it finds no caller");
  }
  for (auto at = first; at != filters.end(); ++at) {
    if (!registry.kindOf(**at).before_authentication) continue;
    warn(**at, "comes after " + (*first)->kind() +
                   ", which refuses the requests without credentials that it is for");
  }
}

bool namesPrincipal(std::string_view expression) {
  constexpr std::string_view kName = "auth";
  const auto is_name_byte = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  for (std::size_t at = expression.find(kName); at != std::string_view::npos;
       at = expression.find(kName, at + 1)) {
    const bool begins = at == 0 || !is_name_byte(expression[at - 1]);
    const std::string_view rest = expression.substr(at + kName.size());
    if (begins && rest.starts_with('.')) return true;
  }
  return false;
}

}  // namespace weir::filter
