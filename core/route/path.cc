#include "core/route/path.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/route/escapes.h"

namespace weir::route {
namespace {

// What a byte of a path asks for.
enum class Care : std::uint8_t {
  kNone,     // stands for itself
  kDot,      // may begin a dot segment
  kEscape,   // %
  kRefused,  // never in a path
};

constexpr std::array<Care, 256> tabulate() {
  std::array<Care, 256> cares{};
  for (std::size_t c = 0; c < cares.size(); ++c) {
    if (c <= ' ' || c > '~' || c == '\\' || c == '#' || c == '?') cares[c] = Care::kRefused;
  }
  cares['.'] = Care::kDot;
  cares['%'] = Care::kEscape;
  return cares;
}

constexpr std::array<Care, 256> kCares = tabulate();

Care careOf(char c) { return kCares[static_cast<unsigned char>(c)]; }

Error refuse(std::string_view detail) { return {ErrorCode::kInvalid, Origin::kDownstream, detail}; }

// Where the parameters of a segment begin, for servers that know such: ";", also when escaped.
std::size_t parametersOf(std::string_view segment) {
  const std::size_t plain = segment.find(';');
  return plain != std::string_view::npos ? plain : segment.find("%3B");
}

// The segment is "." or "..", with or without parameters.
bool isDotSegment(std::string_view segment) {
  segment = segment.substr(0, parametersOf(segment));
  return segment == "." || segment == "..";
}

// Whether nothing in the path asks for a closer look. It begins with a slash.
bool isPlain(std::string_view path, bool merge_slashes) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Care care = careOf(path[i]);
    if (care == Care::kNone) continue;
    if (care != Care::kDot) return false;
    if (path[i - 1] != '/') continue;
    const std::string_view rest = path.substr(i);
    if (isDotSegment(rest.substr(0, rest.find('/')))) return false;
  }
  return !merge_slashes || path.find("//") == std::string_view::npos;
}

// Builds the normal form, segment by segment.
class Normalizer {
 public:
  Normalizer(const PathRules& rules, char* to) : rules_(rules), start_(to), to_(to) {}

  Result<std::string_view> run(std::string_view path) {
    while (!path.empty()) {
      path.remove_prefix(1);  // the slash
      const std::size_t end = std::min(path.find('/'), path.size());
      if (auto done = addSegment(path.substr(0, end), end == path.size()); !done) {
        return done.error();
      }
      path.remove_prefix(end);
    }
    return std::string_view(start_, static_cast<std::size_t>(to_ - start_));
  }

 private:
  Result<void> addSegment(std::string_view raw, bool last) {
    char* const slash = to_;
    *to_++ = '/';
    if (auto decoded = decode(raw); !decoded) return decoded;
    const std::string_view segment(slash + 1, static_cast<std::size_t>(to_ - slash - 1));
    if (segment.empty() && rules_.merge_slashes && !last) to_ = slash;
    if (!isDotSegment(segment)) return {};
    if (parametersOf(segment) != std::string_view::npos)
      return refuse("path: a dot segment with parameters");
    const bool up = segment == "..";
    to_ = slash;
    if (up) {
      if (to_ == start_) return refuse("path: goes above the root");
      while (*--to_ != '/') {
      }
    }
    if (last) *to_++ = '/';  // "/a/b/.." is "/a/"
    return {};
  }

  Result<void> decode(std::string_view raw) {
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const char c = raw[i];
      const Care care = careOf(c);
      if (care == Care::kRefused) return refuse("path: a byte that must be percent-encoded");
      if (care != Care::kEscape) {
        *to_++ = c;
        continue;
      }
      const int escaped = escapedByte(raw.substr(i));
      if (escaped < 0) return refuse("path: an invalid percent escape");
      if (!addEscaped(static_cast<char>(escaped))) return refuse("path: %2F, %5C or %00");
      i += 2;
    }
    return {};
  }

  bool addEscaped(char c) {
    if (isUnreserved(c)) {
      *to_++ = c;
      return true;
    }
    const bool reserved = c == '/' || c == '\\' || c == '\0';
    if (reserved && rules_.reserved_escapes == ReservedEscapes::kReject) return false;
    to_ = writeEscape(c, to_);
    return true;
  }

  const PathRules& rules_;
  char* const start_;
  char* to_;
};

}  // namespace

Result<std::string_view> normalizePath(std::string_view path, const PathRules& rules,
                                       Arena& arena) {
  if (path == "*") return path;
  if (!path.starts_with('/')) return refuse("path: must begin with a slash");
  if (isPlain(path, rules.merge_slashes)) return path;
  char* const to = arena.allocate(path.size() + 1);
  auto normal = Normalizer(rules, to).run(path);
  if (!normal) {
    arena.giveBack(to, to + path.size() + 1);
    return normal;
  }
  const bool same = normal.value() == path;  // escapes that stay as they are
  arena.giveBack(same ? to : to + normal.value().size(), to + path.size() + 1);
  return same ? path : normal;
}

}  // namespace weir::route
