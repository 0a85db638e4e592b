#include "core/http/header_id.h"

#include <array>

namespace weir::http {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(HeaderId::kCount)> kNames = {
    "",
    "accept",
    "accept-encoding",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "location",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "referer",
    "retry-after",
    "server",
    "set-cookie",
    "te",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-request-id",
    "x-weir-identity",
    "x-weir-reason",
    "x-weir-original-path",
};

constexpr std::size_t kLongest = 20;

// Names of the same length stand together, so that one comparison or two settle a look-up.
struct ByLength {
  std::array<HeaderId, kNames.size()> ids{};
  std::array<std::uint8_t, kLongest + 2> start{};
};

constexpr ByLength sortByLength() {
  ByLength table;
  std::uint8_t next = 0;
  for (std::size_t length = 0; length <= kLongest; ++length) {
    table.start[length] = next;
    for (std::size_t id = 1; id < kNames.size(); ++id) {
      if (kNames[id].size() == length) table.ids[next++] = static_cast<HeaderId>(id);
    }
  }
  table.start[kLongest + 1] = next;
  return table;
}

constexpr ByLength kByLength = sortByLength();

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

}  // namespace

bool equalsIgnoringCase(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] != right[i] && lower(left[i]) != lower(right[i])) return false;
  }
  return true;
}

HeaderId headerId(std::string_view name) {
  const std::size_t length = name.size();
  if (length > kLongest || length == 0) return HeaderId::kOther;
  for (std::size_t i = kByLength.start[length]; i < kByLength.start[length + 1]; ++i) {
    const std::string_view known = kNames[static_cast<std::size_t>(kByLength.ids[i])];
    // First and last byte rule out nearly every wrong candidate.
    if (lower(name.front()) != known.front() || lower(name.back()) != known.back()) continue;
    if (equalsIgnoringCase(name, known)) return kByLength.ids[i];
  }
  return HeaderId::kOther;
}

std::string_view headerName(HeaderId id) { return kNames[static_cast<std::size_t>(id)]; }

}  // namespace weir::http
