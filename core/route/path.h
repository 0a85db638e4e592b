#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "core/base/arena.h"
#include "core/base/result.h"

namespace weir::route {

// What becomes of %2F, %5C and %00, which a server behind us may or may not take for / and \ and
// the end of the text.
enum class ReservedEscapes : std::uint8_t {
  kReject,  // what a gateway does
  kKeep,    // what a sidecar does: they stay escapes, and are never a separator for us
};

// As settings name them.
inline constexpr std::pair<std::string_view, ReservedEscapes> kEscapedSlashes[] = {
    {"reject", ReservedEscapes::kReject}, {"keep", ReservedEscapes::kKeep}};

struct PathRules {
  ReservedEscapes reserved_escapes = ReservedEscapes::kReject;
  bool merge_slashes = false;  // "//" becomes "/"
};

struct NormalPath {
  std::string_view text;
  bool has_parameters = false;        // in a segment, from ";" or "%3B" to its end
  bool has_reserved_escapes = false;  // %2F, %5C or %00
};

// The one form of a path that is matched, authorised and forwarded:
//
// - %XX of an unreserved character (letters, digits, - . _ ~) becomes that character, once: %2541
//   stays. Other escapes stay, in upper case. An incomplete or wrong escape is refused.
// - Then the segments "." and ".." are resolved (RFC 3986, 5.2.4). Above the root is refused, and
// so
//   is "..;x" or ".;x", which some servers read as a dot segment.
// - %2F, %5C and %00 are as PathRules says; they never separate segments.
// - Bytes above 0x7F, raw UTF-8 above all, are percent-encoded.
// - \, #, white space and control bytes are refused.
//
// "*" is left alone. Returns `path` itself when it has this form already, else text in the arena.
// Fails with kInvalid, of the downstream, with the rule in `detail`.
Result<NormalPath> normalizePath(std::string_view path, const PathRules& rules, Arena& arena);

// The form of a normal path that routes are matched against: without the parameters of segments,
// since many servers (Tomcat, Spring, Jetty) look for "/admin" when they are asked for
// "/admin;x=1". Segments of nothing but parameters are left out: "/;x/admin" is matched as
// "/admin".
std::string_view withoutParameters(std::string_view path, Arena& arena);

// The length of the front of `path` that makes the first `bytes` of withoutParameters(path), which
// end with a segment.
std::size_t lengthWithParameters(std::string_view path, std::size_t bytes);

// Percent-encodes bytes above 0x7F; other bytes stay. Returns `text` itself when there are none.
std::string_view encodeRawBytes(std::string_view text, Arena& arena);

}  // namespace weir::route
