#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "core/base/arena.h"
#include "core/base/result.h"

namespace weir::route {

// Handling of %2F, %5C and %00, which an upstream may or may not interpret as /, \ and the end of
// the text.
enum class ReservedEscapes : std::uint8_t {
  kReject,  // default of a gateway
  kKeep,    // default of a sidecar: they stay escaped, and never separate segments
};

// The names in the settings.
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

// Returns the normal form of a path, which is matched, authorized and forwarded:
//
// - %XX of an unreserved character (letters, digits, - . _ ~) is decoded, once: %2541 stays.
//   Other escapes stay, in upper case. An incomplete or invalid escape is refused.
// - Then the segments "." and ".." are resolved (RFC 3986, 5.2.4). A path above the root is
//   refused, and so is "..;x" or ".;x", which some servers read as a dot segment.
// - %2F, %5C and %00 are handled according to PathRules; they never separate segments.
// - Bytes above 0x7F, mostly raw UTF-8, are percent-encoded.
// - \, #, white space and control bytes are refused.
//
// "*" stays. Returns `path` itself if it already has the normal form, else text in the arena.
// Fails with kInvalid, origin downstream, with the violated rule in `detail`.
Result<NormalPath> normalizePath(std::string_view path, const PathRules& rules, Arena& arena);

// The form of a normal path that routes match: without the parameters of segments, since many
// servers (Tomcat, Spring, Jetty) look up "/admin" for a request for "/admin;x=1". Segments that
// contain only parameters are omitted: "/;x/admin" is matched as "/admin".
std::string_view withoutParameters(std::string_view path, Arena& arena);

// The length of the part of `path` that yields the first `bytes` of withoutParameters(path), which
// end with a segment.
std::size_t lengthWithParameters(std::string_view path, std::size_t bytes);

// Percent-encodes bytes above 0x7F; other bytes stay. Returns `text` itself if there are none.
std::string_view encodeRawBytes(std::string_view text, Arena& arena);

}  // namespace weir::route
