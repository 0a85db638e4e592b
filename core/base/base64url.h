#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

// Base64url without padding (RFC 7515, 2).
namespace weir {

constexpr std::size_t base64UrlSize(std::size_t bytes) { return (bytes * 4 + 2) / 3; }
// Of the bytes that a text of that size stands for.
constexpr std::size_t bytesOfBase64Url(std::size_t size) { return size / 4 * 3 + size % 4 * 3 / 4; }

// Writes base64UrlSize() characters; returns the end.
char* writeBase64Url(Bytes bytes, char* to);
// Writes bytesOfBase64Url() bytes; returns the end. Null unless `text` is the one encoding of some
// bytes: no padding, no white space, no other alphabet, and unused bits are 0.
char* readBase64Url(std::string_view text, char* to);

void appendBase64Url(Bytes bytes, std::string& to);
// False, with nothing appended, where readBase64Url() returns null.
[[nodiscard]] bool appendFromBase64Url(std::string_view text, std::string& to);

}  // namespace weir
