#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/arena.h"
#include "core/base/bytes.h"

namespace weir::tls {

// RFC 4648, 4, with padding. The text lies in `arena`.
std::string_view base64(Bytes bytes, Arena& arena);
void appendBase64(Bytes bytes, std::string& to);
// False, with nothing appended, unless `text` is complete groups of four, the last one padded.
bool appendFromBase64(std::string_view text, std::string& to);
// The decoded bytes, in `arena`; under the same condition.
std::optional<std::string_view> fromBase64(std::string_view text, Arena& arena);

std::string sha256(Bytes bytes);  // its 32 bytes
void sha256(Bytes bytes, std::span<char, 32> digest);
std::string hexOf(std::string_view bytes);

// Bytes that nobody can guess, for keys.
std::string secretBytes(std::size_t count);

// The SHA-1 of both texts in sequence, in base64. For protocols that require it, never for
// security.
std::string_view sha1Base64(std::string_view first, std::string_view second, Arena& arena);

}  // namespace weir::tls
