#pragma once

#include <cstdint>
#include <string_view>

#include "core/http/header_id.h"

namespace weir::http {

// Classes of request fields that a client may not set, because their recipients would trust them.
enum class Reserved : std::uint8_t {
  kNo,
  kWeir,    // X-Weir-*: set by weir alone, dropped on every listener; see asksForFault()
  kUnsafe,  // Proxy, X-Original-URL, X-Rewrite-URL: dropped at an edge, from any peer
  kClient,  // X-Forwarded-*, X-Real-IP and the like: dropped at an edge unless from a trusted peer
};

// Classifies a name that has no id. Servers with CGI, WSGI or similar interfaces map several
// spellings to one variable; therefore case is ignored, and any byte that is neither letter nor
// digit counts as a hyphen. Unusual spellings of X-Forwarded-* are kUnsafe, those of
// X-Forwarded-Client-Cert kWeir: no trusted peer sends them.
Reserved reservedByName(std::string_view name);

// X-Weir-Fault-*: trusted peers may send it to the filter fault.
bool asksForFault(std::string_view name);

// kNo for the exact X-Forwarded-For, -Host, -Proto and -Client-Cert, which have their own rules.
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
  // All of them begin with one of a few letters; few other fields without an id do.
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
