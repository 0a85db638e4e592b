#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/arena.h"
#include "core/base/result.h"

namespace weir::route {

// What becomes of %2F, %5C and %00, which a server behind us may or may not take for / and \ and
// the end of the text.
enum class ReservedEscapes : std::uint8_t {
  kReject,  // what a gateway does
  kKeep,    // what a sidecar does: they stay escapes, and are never a separator for us
};

struct PathRules {
  ReservedEscapes reserved_escapes = ReservedEscapes::kReject;
  bool merge_slashes = false;  // "//" becomes "/"
};

// The one form of a path that is matched, authorised and forwarded:
//
// - %XX of an unreserved character (letters, digits, - . _ ~) becomes that character, once: %2541
//   stays. Other escapes stay, in upper case. An incomplete or wrong escape is refused.
// - Then the segments "." and ".." are resolved (RFC 3986, 5.2.4). Above the root is refused, and
// so
//   is "..;x" or ".;x", which some servers read as a dot segment.
// - %2F, %5C and %00 are as PathRules says; they never separate segments.
// - \, #, white space, control bytes and bytes above 0x7E are refused.
//
// "*" is left alone. Returns `path` itself when it has this form already, else text in the arena,
// never longer than `path`. Fails with kInvalid, of the downstream, with the rule in `detail`.
Result<std::string_view> normalizePath(std::string_view path, const PathRules& rules, Arena& arena);

}  // namespace weir::route
