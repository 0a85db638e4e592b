#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir::http {

// The versions of HTTP that a listener or an upstream speaks. kAuto: both HTTP/1 and HTTP/2 with
// clients; with an upstream the version negotiated under TLS, and HTTP/1 in plaintext.
enum class VersionChoice : std::uint8_t { kAuto, kHttp1, kHttp2 };

// Their ALPN names in order of preference.
inline std::vector<std::string> alpnOf(VersionChoice versions) {
  std::vector<std::string> protocols;
  if (versions != VersionChoice::kHttp1) protocols.emplace_back("h2");
  if (versions != VersionChoice::kHttp2) protocols.emplace_back("http/1.1");
  return protocols;
}

}  // namespace weir::http
