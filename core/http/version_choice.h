#pragma once

#include <cstdint>

namespace weir::http {

// Which versions of HTTP a listener or an upstream speaks. kAuto: HTTP/1 and HTTP/2 to clients, as
// they like; to an upstream what is agreed on under TLS, and HTTP/1 in the clear.
enum class VersionChoice : std::uint8_t { kAuto, kHttp1, kHttp2 };

}  // namespace weir::http
