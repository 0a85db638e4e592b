#pragma once

#include <cstdint>

namespace weir::tls {

// What becomes of connections that do not begin with TLS where it is asked for.
enum class Plaintext : std::uint8_t { kRefuse, kAllow };

}  // namespace weir::tls
