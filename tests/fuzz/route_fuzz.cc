#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/route/path.h"
#include "core/route/route_table.h"
#include "core/route/route_table_builder.h"

namespace weir::route {
namespace {

std::string_view takeLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string_view takeWord(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

std::optional<PathPattern> patternOf(std::string_view kind, std::string_view text) {
  std::string why;
  if (kind == "path") return PathPattern::exact(text, why);
  if (kind == "prefix") return PathPattern::prefix(text, why);
  if (kind == "template") return PathPattern::pathTemplate(text, why);
  if (kind == "regex" && text.size() < 64) return PathPattern::regex(text, why);
  return std::nullopt;
}

std::vector<std::string> segmentsOf(std::string_view path) {
  std::vector<std::string> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

// One route, matched and ranked by a simple algorithm.
struct Model {
  HostPattern host;
  PathPattern::Kind kind = PathPattern::Kind::kPrefix;
  std::vector<PathPattern::Segment> segments;
  std::string fixed_start;
  std::optional<Regex> regex;

  bool matches(std::string_view authority, std::string_view path) const {
    return host.matches(HostKey(authority).text()) && matchesPath(path);
  }

  bool matchesPath(std::string_view path) const {
    if (kind == PathPattern::Kind::kRegex) return regex->matches(path);
    const std::vector<std::string> given = segmentsOf(path);
    const bool open = kind == PathPattern::Kind::kPrefix;
    if (given.size() < segments.size() || (!open && given.size() > segments.size())) return false;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const bool fits = segments[i].captured ? !given[i].empty() : given[i] == segments[i].text;
      if (!fits) return false;
    }
    return open || path != "*";
  }

  // The precedence of the end of the path: exact, then regex, then open.
  int endRank() const {
    switch (kind) {
      case PathPattern::Kind::kExact:
      case PathPattern::Kind::kTemplate:
        return 3;
      case PathPattern::Kind::kRegex:
        return 1;
      case PathPattern::Kind::kPrefix:
        return 0;
    }
    return 0;
  }
  std::size_t hostRank() const {
    if (host.kind == HostPattern::Kind::kExact) return 1'000;
    return host.kind == HostPattern::Kind::kSuffix ? 1 + host.text.size() : 0;
  }

  // The greatest is the first.
  auto rank() const {
    std::vector<int> parts;
    for (const auto& segment : segments) parts.push_back(segment.captured ? 2 : 3);
    parts.push_back(endRank());
    return std::tuple(hostRank(), std::move(parts), fixed_start.size());
  }
};

struct Routes {
  RouteTable table;
  std::vector<Model> models;
};

// Lines of "+host kind path".
Routes routesOf(std::string_view& text) {
  Routes routes;
  RouteTableBuilder builder;
  while (text.starts_with('+') && routes.models.size() < 32) {
    std::string_view line = takeLine(text).substr(1);
    const auto host = HostPattern::parse(takeWord(line));
    const std::string_view kind = takeWord(line);
    auto path = patternOf(kind, line);
    if (!host || !path) continue;
    Model model{*host, path->kind(), path->segments(), path->fixedStart(), std::nullopt};
    if (path->kind() == PathPattern::Kind::kRegex) {
      std::string why;
      model.regex = Regex::compile(line, why);
    }
    routes.models.push_back(std::move(model));
    Match match;
    match.hosts.push_back(*host);
    match.path = *std::move(path);
    builder.add(Route(), std::move(match));
  }
  routes.table = std::move(builder).build();
  return routes;
}

std::optional<std::uint32_t> expected(const Routes& routes, const http::Request& request) {
  std::optional<std::uint32_t> best;
  for (std::uint32_t i = 0; i < routes.models.size(); ++i) {
    const Model& model = routes.models[i];
    if (!model.matches(request.authority, request.path)) continue;
    if (!best || model.rank() > routes.models[*best].rank()) best = i;
  }
  return best;
}

void checkNormal(std::string_view path, std::string_view normal, const PathRules& rules,
                 Arena& arena) {
  const auto again = normalizePath(normal, rules, arena);
  WEIR_CHECK(again.ok() && again.value().text.data() == normal.data());
  WEIR_CHECK(normal.size() <= 3 * path.size());
  for (const std::string& segment : segmentsOf(normal))
    WEIR_CHECK(segment != "." && segment != "..");
  for (const char c : normal) WEIR_CHECK(c > ' ' && c <= '~' && c != '\\' && c != '#' && c != '?');
  if (rules.reserved_escapes == ReservedEscapes::kKeep) return;
  for (const std::string_view escape : {"%2F", "%2f", "%5C", "%5c", "%00"}) {
    WEIR_CHECK(normal.find(escape) == std::string_view::npos);
  }
}

void checkFind(const Routes& routes, const http::Request& request) {
  Captures captures;
  const Route* found = routes.table.find(request, Source(), captures);
  const auto best = expected(routes, request);
  WEIR_CHECK((found != nullptr) == best.has_value());
  WEIR_CHECK(found == nullptr || found->index == *best);
  const std::vector<Considered> all = routes.table.explain(request, Source(), 0);
  WEIR_CHECK(all.empty() == (found == nullptr));
  WEIR_CHECK(all.empty() || all.front().route == found);
}

// Parameters are removed idempotently, and every prefix of the path has its length.
void checkParameters(const NormalPath& normal, Arena& arena) {
  const std::string_view bare = withoutParameters(normal.text, arena);
  WEIR_CHECK(normal.has_parameters || bare == normal.text);
  WEIR_CHECK(bare.find(';') == std::string_view::npos);
  WEIR_CHECK(withoutParameters(bare, arena) == bare);
  for (std::size_t end = 0; end <= bare.size(); ++end) {
    if (end < bare.size() && bare[end] != '/') continue;
    const std::size_t length = lengthWithParameters(normal.text, end);
    WEIR_CHECK(length <= normal.text.size());
    WEIR_CHECK(length == normal.text.size() || normal.text[length] == '/');
    WEIR_CHECK(end == 0 ||
               withoutParameters(normal.text.substr(0, length), arena) == bare.substr(0, end));
  }
}

// "host/path".
void checkRequest(const Routes& routes, std::string_view line) {
  BlockPool pool(4096);
  Arena arena(pool);
  const std::size_t slash = std::min(line.find('/'), line.size());
  for (const PathRules rules :
       {PathRules{ReservedEscapes::kReject, false}, PathRules{ReservedEscapes::kKeep, false},
        PathRules{ReservedEscapes::kReject, true}}) {
    // A buffer of the exact length, so that a read beyond the end is detected.
    const std::vector<char> path(line.begin() + static_cast<std::ptrdiff_t>(slash), line.end());
    const auto normal = normalizePath({path.data(), path.size()}, rules, arena);
    if (!normal) continue;
    checkNormal({path.data(), path.size()}, normal.value().text, rules, arena);
    http::Request request(arena);
    request.authority = line.substr(0, slash);
    request.path = normal.value().text;
    checkFind(routes, request);
    checkParameters(normal.value(), arena);
    request.path = withoutParameters(normal.value().text, arena);
    checkFind(routes, request);
  }
}

}  // namespace
}  // namespace weir::route

// The table must find the same route as a linear search, and a normalized path must be normal.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::route;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const Routes routes = routesOf(text);
  while (!text.empty()) checkRequest(routes, takeLine(text));
  return 0;
}
