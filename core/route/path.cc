#include "core/route/path.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "core/http/escapes.h"

namespace weir::route {
namespace {

// The handling that a byte of a path requires.
enum class Care : std::uint8_t {
  kNone,     // none
  kDot,      // may begin a dot segment
  kEscape,   // %
  kSlash,    // may follow another one
  kParam,    // ; begins the parameters of a segment
  kRaw,      // must be percent-encoded
  kRefused,  // never in a path
};

constexpr std::array<Care, 256> tabulate() {
  std::array<Care, 256> cares{};
  for (std::size_t c = 0; c < cares.size(); ++c) {
    if (c <= ' ' || c == 0x7f || c == '\\' || c == '#' || c == '?') cares[c] = Care::kRefused;
    if (c > 0x7f) cares[c] = Care::kRaw;
  }
  cares['/'] = Care::kSlash;
  cares['.'] = Care::kDot;
  cares['%'] = Care::kEscape;
  cares[';'] = Care::kParam;
  return cares;
}

constexpr std::array<Care, 256> kCares = tabulate();

bool isRaw(char c) { return static_cast<unsigned char>(c) > 0x7f; }

std::size_t countRawBytes(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), isRaw));
}

Care careOf(char c) { return kCares[static_cast<unsigned char>(c)]; }

Error refuse(std::string_view detail) { return {ErrorCode::kInvalid, Origin::kDownstream, detail}; }

// The start of a segment's parameters for servers that support them: ";", also if escaped.
std::size_t parametersOf(std::string_view segment) {
  return std::min(segment.find(';'), segment.find("%3B"));
}

// Calls visit(segment, last) with each segment of a path that begins with a slash, until it returns
// false.
template <typename Visit>
void forEachSegment(std::string_view path, Visit visit) {
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    const bool last = end == path.size();
    if (!visit(path.substr(0, end), last)) return;
    path.remove_prefix(end);
  }
}

// The segment without its parameters; nothing if it is omitted.
std::optional<std::string_view> bareSegment(std::string_view segment, bool last) {
  const std::string_view bare = segment.substr(0, parametersOf(segment));
  if (bare.empty() && !segment.empty() && !last) return std::nullopt;
  return bare;
}

// True for "." and "..", with or without parameters.
bool isDotSegment(std::string_view segment) {
  segment = segment.substr(0, parametersOf(segment));
  return segment == "." || segment == "..";
}

bool beginsDotSegment(std::string_view path, std::size_t at) {
  if (path[at - 1] != '/') return false;
  const std::string_view rest = path.substr(at);
  return isDotSegment(rest.substr(0, rest.find('/')));
}

// True if no byte of the path, which begins with a slash, requires the normalizer.
bool isPlain(std::string_view path, bool merge_slashes, bool& has_parameters) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    switch (careOf(path[i])) {
      case Care::kNone:
        break;
      case Care::kSlash:
        if (merge_slashes && i > 0 && path[i - 1] == '/') return false;
        break;
      case Care::kParam:
        has_parameters = true;
        break;
      case Care::kDot:
        if (beginsDotSegment(path, i)) return false;
        break;
      default:
        return false;
    }
  }
  return true;
}

// Builds the normal form, segment by segment.
class Normalizer {
 public:
  Normalizer(const PathRules& rules, char* to) : rules_(rules), start_(to), to_(to) {}

  Result<NormalPath> run(std::string_view path) {
    Result<void> done;
    forEachSegment(path, [&](std::string_view segment, bool last) {
      done = addSegment(segment, last);
      return done.ok();
    });
    if (!done) return done.error();
    normal_.text = {start_, static_cast<std::size_t>(to_ - start_)};
    return normal_;
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
      if (care == Care::kRaw) {
        to_ = http::writeEscape(c, to_);
        continue;
      }
      if (care == Care::kParam) normal_.has_parameters = true;
      if (care != Care::kEscape) {
        *to_++ = c;
        continue;
      }
      const int escaped = http::escapedByte(raw.substr(i));
      if (escaped < 0) return refuse("path: an invalid percent escape");
      if (!addEscaped(static_cast<char>(escaped))) return refuse("path: %2F, %5C or %00");
      i += 2;
    }
    return {};
  }

  bool addEscaped(char c) {
    if (http::isUnreserved(c)) {
      *to_++ = c;
      return true;
    }
    const bool reserved = c == '/' || c == '\\' || c == '\0';
    normal_.has_reserved_escapes |= reserved;
    normal_.has_parameters |= c == ';';
    if (reserved && rules_.reserved_escapes == ReservedEscapes::kReject) return false;
    to_ = http::writeEscape(c, to_);
    return true;
  }

  const PathRules& rules_;
  char* const start_;
  char* to_;
  NormalPath normal_;
};

}  // namespace

Result<NormalPath> normalizePath(std::string_view path, const PathRules& rules, Arena& arena) {
  NormalPath plain{path};
  if (path == "*") return plain;
  if (!path.starts_with('/')) return refuse("path: must begin with a slash");
  if (isPlain(path, rules.merge_slashes, plain.has_parameters)) return plain;
  const std::size_t room = path.size() + 2 * countRawBytes(path) + 1;
  char* const to = arena.allocate(room);
  auto normal = Normalizer(rules, to).run(path);
  if (!normal) {
    arena.giveBack(to, to + room);
    return normal;
  }
  const bool same = normal.value().text == path;  // all escapes stay
  arena.giveBack(same ? to : to + normal.value().text.size(), to + room);
  if (same) normal.value().text = path;
  return normal;
}

std::string_view withoutParameters(std::string_view path, Arena& arena) {
  if (!path.starts_with('/')) return path;
  char* const start = arena.allocate(path.size());
  char* to = start;
  forEachSegment(path, [&](std::string_view segment, bool last) {
    if (const auto bare = bareSegment(segment, last)) {
      *to++ = '/';
      to = std::copy(bare->begin(), bare->end(), to);
    }
    return true;
  });
  arena.giveBack(to, start + path.size());
  return {start, static_cast<std::size_t>(to - start)};
}

std::size_t lengthWithParameters(std::string_view path, std::size_t bytes) {
  if (path.find_first_of(";%") == std::string_view::npos) return std::min(bytes, path.size());
  std::size_t length = 0;
  std::size_t bare_length = 0;
  forEachSegment(path, [&](std::string_view segment, bool last) {
    if (bare_length >= bytes) return false;
    if (const auto bare = bareSegment(segment, last)) bare_length += 1 + bare->size();
    length += 1 + segment.size();
    return true;
  });
  return length;
}

std::string_view encodeRawBytes(std::string_view text, Arena& arena) {
  const std::size_t raw = countRawBytes(text);
  if (raw == 0) return text;
  const std::size_t size = text.size() + 2 * raw;
  char* const start = arena.allocate(size);
  char* to = start;
  for (const char c : text) {
    if (isRaw(c)) {
      to = http::writeEscape(c, to);
    } else {
      *to++ = c;
    }
  }
  return {start, size};
}

}  // namespace weir::route
