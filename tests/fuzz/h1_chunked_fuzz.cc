#include <algorithm>
#include <optional>

#include "core/http/syntax.h"
#include "tests/fuzz/h1_outcome.h"

// A chunked body: if the codec considers it complete, a simple parser of RFC 9112, 7.1 must as
// well, with the same content; and a body without optional elements is never refused.
namespace weir::fuzz {
namespace {

using Answers = test::CodecRelay::Answers;

constexpr std::size_t kMostBytes = 16 * 1024;  // limits the time of the byte-by-byte run
constexpr std::string_view kHead =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

struct Decoded {
  std::string body;
  bool plain = true;  // no extensions, trailers or leading zeros
};

std::optional<std::string_view> takeLine(std::string_view& bytes) {
  const std::size_t end = bytes.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end + 2);
  const auto control = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  if (std::any_of(line.begin(), line.end(), control)) return std::nullopt;
  return line;
}

int valueOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::uint64_t> sizeOf(std::string_view digits) {
  std::uint64_t size = 0;
  for (const char c : digits) {
    if (valueOf(c) < 0 || size >> 60 != 0) return std::nullopt;
    size = size * 16 + static_cast<std::uint64_t>(valueOf(c));
  }
  return digits.empty() ? std::nullopt : std::optional(size);
}

// Parses trailers, up to the empty line.
bool takeTrailers(std::string_view& bytes, Decoded& decoded) {
  while (const auto line = takeLine(bytes)) {
    if (line->empty()) return true;
    decoded.plain = false;
    if (line->find(':') == std::string_view::npos || line->starts_with(' ')) return false;
  }
  return false;
}

std::optional<Decoded> decode(std::string_view bytes) {
  Decoded decoded;
  while (const auto line = takeLine(bytes)) {
    const std::size_t semicolon = line->find(';');
    const auto size = sizeOf(
        semicolon == std::string_view::npos ? *line : http::trimmed(line->substr(0, semicolon)));
    if (!size) return std::nullopt;
    const bool ornate =
        semicolon != std::string_view::npos || (line->size() > 1 && (*line)[0] == '0');
    if (ornate) decoded.plain = false;
    if (*size == 0) return takeTrailers(bytes, decoded) ? std::optional(decoded) : std::nullopt;
    if (*size > bytes.size() || !bytes.substr(*size).starts_with("\r\n")) return std::nullopt;
    decoded.body += bytes.substr(0, *size);
    bytes.remove_prefix(*size + 2);
  }
  return std::nullopt;
}

// The body, if it reached the upstream completely.
std::optional<std::string> relayed(std::string_view bytes, std::size_t step) {
  test::CodecRelay relay(Answers::kWhenTold);
  relay.clientSends(kHead);
  inPieces(bytes, step, [&](std::string_view piece) { relay.clientSends(piece); });
  const test::CodecRelay::Upstream& upstream = relay.upstreams().front();
  std::string_view rest = upstream.wire.text();
  const test::RawMessage message = test::takeRequest(rest);
  WEIR_CHECK(message.fault.empty() && rest.empty());
  return message.whole ? std::optional(message.body) : std::nullopt;
}

void check(std::string_view bytes) {
  const std::optional<std::string> whole = relayed(bytes, 0);
  WEIR_CHECK(relayed(bytes, 1) == whole);
  WEIR_CHECK(relayed(bytes, stepFor(bytes)) == whole);
  const std::optional<Decoded> reference = decode(bytes);
  if (whole) WEIR_CHECK(reference && reference->body == *whole);
  if (reference && reference->plain) WEIR_CHECK(whole.has_value());
}

}  // namespace
}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= weir::fuzz::kMostBytes) weir::fuzz::check(weir::fuzz::asText(data, size));
  return 0;
}
