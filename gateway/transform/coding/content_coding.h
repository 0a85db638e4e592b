#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

// Content codings (RFC 9110, 8.4.1): gzip (RFC 1952), br (RFC 7932) and zstd (RFC 8878, 9659).
namespace weir::gateway {

enum class ContentCoding : std::uint8_t { kIdentity, kGzip, kBr, kZstd };
inline constexpr std::size_t kContentCodings = 4;
inline constexpr std::string_view kContentCodingWords[kContentCodings] = {"identity", "gzip", "br",
                                                                          "zstd"};
// The settings' names of those that compress.
inline constexpr std::pair<std::string_view, ContentCoding> kCompressions[] = {
    {"zstd", ContentCoding::kZstd},
    {"br", ContentCoding::kBr},
    {"gzip", ContentCoding::kGzip},
};

inline std::string_view nameOf(ContentCoding coding) {
  return kContentCodingWords[static_cast<std::size_t>(coding)];
}

// The coding of that name in any case, or of its old name "x-gzip"; nothing for an unknown one.
std::optional<ContentCoding> contentCodingNamed(std::string_view name);

// The coding of a body, by the values of Content-Encoding; nothing if it is unknown or if there are
// several.
std::optional<ContentCoding> contentCodingOf(std::string_view content_encoding);

// The coding for a client that sent this Accept-Encoding (RFC 9110, 12.5.3): of those `offered`,
// the one with the highest weight; among equals, one that the client names before one that its "*"
// covers, then the first. kIdentity if none is acceptable, or if the client prefers it.
ContentCoding negotiateCoding(std::string_view accept_encoding,
                              std::span<const ContentCoding> offered);

}  // namespace weir::gateway
