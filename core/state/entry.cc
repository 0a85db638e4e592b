#include "core/state/entry.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "core/base/hash.h"
#include "core/base/number.h"

namespace weir::state {
namespace {

constexpr std::string_view kMagic = "weir-state ";
constexpr std::string_view kVersion = "1";
constexpr int kHex = 16;
constexpr std::size_t kLongestFileName = 200;  // 255 on most file systems, with room for a suffix

constexpr Error ignored(std::string_view why) { return {ErrorCode::kInvalid, Origin::kLocal, why}; }

std::string hexText(std::uint64_t value) {
  std::array<char, 16> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, kHex).ptr;
  return {text.data(), end};
}

std::uint64_t checksumOf(std::string_view name, std::string_view bytes) {
  return stableHash(bytes, stableHash(name));
}

// The text up to the delimiter, which is removed together with it; nullopt if there is none.
std::optional<std::string_view> takeUntil(char delimiter, std::string_view& text) {
  const std::size_t at = text.find(delimiter);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at + 1);
  return part;
}

struct Header {
  std::string_view version;
  std::optional<std::uint64_t> size;
  std::optional<std::uint64_t> checksum;
  std::string_view name;
};

// Removes the header from the text; nullopt if this is not a file of weir's state.
std::optional<Header> takeHeader(std::string_view& text) {
  if (!text.starts_with(kMagic)) return std::nullopt;
  text.remove_prefix(kMagic.size());
  const auto version = takeUntil(' ', text);
  const auto size = takeUntil(' ', text);
  const auto checksum = takeUntil('\n', text);
  const auto name = takeUntil('\n', text);
  if (!version || !size || !checksum || !name) return std::nullopt;
  return Header{*version, parseNumber<std::uint64_t>(*size),
                parseNumber<std::uint64_t>(*checksum, kHex), *name};
}

bool isSafe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

std::string packEntry(std::string_view name, std::string_view bytes) {
  std::string file(kMagic);
  file.append(kVersion).append(" ").append(std::to_string(bytes.size())).append(" ");
  file.append(hexText(checksumOf(name, bytes))).append("\n");
  return file.append(fileNameOf(name)).append("\n").append(bytes);
}

Result<std::string> unpackEntry(std::string_view name, std::string_view file) {
  std::string_view bytes = file;
  const auto header = takeHeader(bytes);
  if (!header) return ignored("is not a state file of weir");
  if (header->version != kVersion) return ignored("has an unknown version");
  if (header->name != fileNameOf(name)) return ignored("belongs to something else");
  if (!header->size || !header->checksum) return ignored("has a damaged header");
  if (bytes.size() < *header->size) return ignored("is truncated");
  if (bytes.size() > *header->size) return ignored("is too long");
  if (checksumOf(name, bytes) != *header->checksum) return ignored("has the wrong checksum");
  return std::string(bytes);
}

// Capital letters are encoded, too: some file systems do not distinguish them.
std::string fileNameOf(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string file;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (isSafe(c)) {
      file += c;
    } else {
      file += '%';
      file += kDigits[byte >> 4U];
      file += kDigits[byte & 0xFU];
    }
  }
  if (file.size() <= kLongestFileName) return file;
  file.resize(kLongestFileName - 2 * sizeof(std::uint64_t) - 1);
  return file + "+" + hexText(stableHash(name));
}

}  // namespace weir::state
