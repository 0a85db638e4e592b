#include "core/proxy/tls_rule.h"

#include <algorithm>

namespace weir::proxy {

bool TlsRule::matches(const net::ClientHello& hello) const {
  const bool named =
      server_names.empty() ||
      (!hello.server_name.empty() &&
       std::any_of(server_names.begin(), server_names.end(),
                   [&](const auto& pattern) { return pattern.matches(hello.server_name); }));
  return named && (protocols.empty() ||
                   std::any_of(protocols.begin(), protocols.end(),
                               [&](const std::string& one) { return hello.offers(one); }));
}

}  // namespace weir::proxy
