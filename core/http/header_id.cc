#include "core/http/header_id.h"

#include <array>
#include <cstdint>

#include "core/base/words.h"

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

// A name in lower case, as words; compares at once what a loop would compare byte by byte.
struct NameWords {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::uint64_t third = 0;
  friend bool operator==(const NameWords&, const NameWords&) = default;
};

constexpr std::uint64_t wordAt(std::string_view name, std::size_t at) {
  std::uint64_t word = 0;
  for (std::size_t i = at; i < name.size() && i < at + 8; ++i) {
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(name[i])) << (8 * (i - at));
  }
  return word;
}

struct Known {
  NameWords words;
  HeaderId id = HeaderId::kOther;
};

// Names of the same length stand together, so that one comparison or two settle a look-up.
struct ByLength {
  std::array<Known, kNames.size()> names{};
  std::array<std::uint8_t, kLongest + 2> start{};
};

constexpr ByLength sortByLength() {
  ByLength table;
  std::uint8_t next = 0;
  for (std::size_t length = 0; length <= kLongest; ++length) {
    table.start[length] = next;
    for (std::size_t id = 1; id < kNames.size(); ++id) {
      const std::string_view name = kNames[id];
      if (name.size() != length) continue;
      table.names[next++] = {{wordAt(name, 0), wordAt(name, 8), wordAt(name, 16)},
                             static_cast<HeaderId>(id)};
    }
  }
  table.start[kLongest + 1] = next;
  return table;
}

constexpr ByLength kByLength = sortByLength();

NameWords wordsOf(std::string_view name) {
  NameWords words;
  words.first = lowerWord(shortWord(name.data(), name.size()));
  if (name.size() <= 8) return words;
  words.second = lowerWord(shortWord(name.data() + 8, name.size() - 8));
  if (name.size() <= 16) return words;
  words.third = lowerWord(shortWord(name.data() + 16, name.size() - 16));
  return words;
}

}  // namespace

bool equalsIgnoringCase(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  const char* a = left.data();
  const char* b = right.data();
  std::size_t rest = left.size();
  for (; rest > 8; a += 8, b += 8, rest -= 8) {
    if (lowerWord(loadWord<std::uint64_t>(a)) != lowerWord(loadWord<std::uint64_t>(b))) {
      return false;
    }
  }
  return lowerWord(shortWord(a, rest)) == lowerWord(shortWord(b, rest));
}

HeaderId headerId(std::string_view name) {
  const std::size_t length = name.size();
  if (length > kLongest || length == 0) return HeaderId::kOther;
  const NameWords words = wordsOf(name);
  for (std::size_t i = kByLength.start[length]; i < kByLength.start[length + 1]; ++i) {
    if (kByLength.names[i].words == words) return kByLength.names[i].id;
  }
  return HeaderId::kOther;
}

std::string_view headerName(HeaderId id) { return kNames[static_cast<std::size_t>(id)]; }

}  // namespace weir::http
