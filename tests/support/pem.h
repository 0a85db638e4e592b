#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "core/tls/digest.h"

namespace weir::test {

// The blocks of a PEM text in DER, one after the other.
inline std::string derOf(std::string_view pem) {
  std::string der;
  std::string block;
  while (!pem.empty()) {
    const std::string_view line = pem.substr(0, pem.find('\n'));
    pem.remove_prefix(std::min(line.size() + 1, pem.size()));
    if (line.starts_with("-----END")) tls::appendFromBase64(block, der);
    if (line.starts_with("-----")) {
      block.clear();
    } else {
      block += line;
    }
  }
  return der;
}

}  // namespace weir::test
