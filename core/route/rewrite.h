#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/http/message.h"
#include "core/route/regex.h"
#include "core/route/text.h"

namespace weir::route {

struct RewriteSettings;
struct PathChangeSettings;

// A new path for a request: another prefix, another path, or a regex's replacement.
class PathChange {
 public:
  static constexpr std::size_t kMaxPathBytes = 64 * 1024;

  PathChange() = default;  // leaves the path as it is
  // `prefix_bytes` is the length of the prefix that the route matches. Nothing, with `why` filled,
  // when the settings are not acceptable.
  static std::optional<PathChange> compile(const PathChangeSettings& settings,
                                           std::size_t prefix_bytes, const TextScope& scope,
                                           std::string& why);

  bool empty() const { return kind_ == Kind::kNone; }
  // The new path and, when the configured path has a "?", the new query after it. Fails with
  // kInvalid when what the request brings does not make a normal path (path.h): no rewrite lets a
  // client smuggle "..", "?" or "/" past the route that matched.
  Result<std::string_view> apply(std::string_view path, const Variables& variables,
                                 Arena& arena) const;

 private:
  enum class Kind { kNone, kPrefix, kPath, kRegex };
  std::string_view withPrefix(std::string_view path, Arena& arena) const;

  Kind kind_ = Kind::kNone;
  std::size_t prefix_bytes_ = 0;
  std::string prefix_;  // without a slash at the end
  Text path_;
  std::optional<Substitution> substitution_;
};

// What a route changes about the address of a request before it is forwarded.
class Rewrite {
 public:
  static std::optional<Rewrite> compile(const RewriteSettings& settings, std::size_t prefix_bytes,
                                        const TextScope& scope, std::string& why);

  // Changes path, query and authority. Fails like PathChange::apply, with nothing changed. A path
  // that changed leaves what the client asked for in x-weir-original-path, query included.
  Result<void> apply(http::Request& request, const Variables& variables) const;

 private:
  PathChange path_;
  Text host_;
};

// The original path and query in one text, as the first line of a request shows them.
std::string_view pathAndQuery(const http::Request& request);

}  // namespace weir::route
