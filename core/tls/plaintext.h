#pragma once

#include <cstdint>

namespace weir::tls {

// How a TLS listener handles connections that do not begin with TLS.
enum class Plaintext : std::uint8_t {
  kRefuse,
  kAllow,
  kAudit,  // allows them, and reports what kRefuse would refuse
};

}  // namespace weir::tls
