#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir::http {

// Which versions of HTTP a listener or an upstream speaks. kAuto: HTTP/1 and HTTP/2 to clients, as
// they like; to an upstream what is agreed on under TLS, and HTTP/1 in the clear.
enum class VersionChoice : std::uint8_t { kAuto, kHttp1, kHttp2 };

// Their names in ALPN, the one that we like best first.
inline std::vector<std::string> alpnOf(VersionChoice versions) {
  std::vector<std::string> protocols;
  if (versions != VersionChoice::kHttp1) protocols.emplace_back("h2");
  if (versions != VersionChoice::kHttp2) protocols.emplace_back("http/1.1");
  return protocols;
}

}  // namespace weir::http
