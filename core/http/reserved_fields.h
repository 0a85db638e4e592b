#pragma once

#include <cstdint>
#include <string_view>

#include "core/http/header_id.h"

namespace weir::http {

// Request fields that a client may not set, by who would believe them.
enum class Reserved : std::uint8_t {
  kNo,
  kWeir,    // X-Weir-*: set by weir alone, dropped on every listener
  kUnsafe,  // Proxy, X-Original-URL, X-Rewrite-URL: dropped at an edge, whoever sends them
  kClient,  // X-Forwarded-*, X-Real-IP and the like: dropped at an edge unless a trusted peer sends
            // them
};

// Classifies a name without an id. Servers that speak CGI, WSGI or the like make one variable of
// several spellings, so that case does not matter here, and any byte that is neither letter nor
// digit counts as a hyphen. Odd spellings of X-Forwarded-* are kUnsafe, and kWeir of
// X-Forwarded-Client-Cert: no trusted peer sends them.
Reserved reservedByName(std::string_view name);

// kNo for X-Forwarded-For, -Host, -Proto and -Client-Cert as such, which have rules of their own.
inline Reserved reservedFor(HeaderId id, std::string_view name) {
  switch (id) {
    case HeaderId::kOther:
      break;
    case HeaderId::kXWeirIdentity:
    case HeaderId::kXWeirReason:
    case HeaderId::kXWeirOriginalPath:
      return Reserved::kWeir;
    default:
      return Reserved::kNo;
  }
  // All of them begin with one of a few letters, which few other fields without an id do.
  switch (name.empty() ? '\0' : static_cast<char>(name.front() | 0x20)) {
    case 'c':
    case 'f':
    case 'p':
    case 't':
    case 'x':
      return reservedByName(name);
    default:
      return Reserved::kNo;
  }
}

}  // namespace weir::http
