#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.h"
#include "core/http/message.h"
#include "core/regex/regex.h"
#include "core/route/text.h"

namespace weir::route {

// A new path for a request: another prefix, another path, or the result of a regex substitution.
class PathChange {
 public:
  static constexpr std::size_t kMaxPathBytes = 16 * 1024;

  struct Changed {
    std::string_view path;
    std::optional<std::string_view> query;  // if the configured path has a "?"
  };

  PathChange() = default;  // no change
  // Nothing, with `why` set, if the arguments are not acceptable.
  //
  // Replaces the first `matched_bytes`, the prefix that the route matches (0 for "/").
  static std::optional<PathChange> prefix(std::string_view text, std::size_t matched_bytes,
                                          std::string& why);
  // Replaces the complete path. "/new?x=1" replaces the query, too.
  static std::optional<PathChange> path(std::string_view text, const TextScope& scope,
                                        std::string& why);
  // Replaces every match of the regex; `with` as in Substitution.
  static std::optional<PathChange> regex(std::string_view pattern, std::string_view with,
                                         std::string& why);

  bool empty() const { return kind_ == Kind::kNone; }
  // The new path, in the arena or in this object. Fails with kInvalid if values of the request do
  // not yield a normal path (path.h): no rewrite lets a client smuggle "..", "?" or "/" past the
  // matched route.
  Result<Changed> apply(std::string_view path, const Variables& variables, Arena& arena) const;

 private:
  enum class Kind : std::uint8_t { kNone, kPrefix, kPath, kRegex };

  std::string_view withPrefix(std::string_view path, Arena& arena) const;

  Kind kind_ = Kind::kNone;
  std::size_t matched_bytes_ = 0;
  std::string prefix_;  // without a trailing slash
  Text path_;
  std::optional<Text> query_;
  std::optional<Substitution> substitution_;
};

// A route's changes to the address of a request before it is forwarded.
class Rewrite {
 public:
  Rewrite(PathChange path, Text host) : path_(std::move(path)), host_(std::move(host)) {}

  // Changes path, query and authority. Fails with kInvalid, without any change, if the result would
  // not be a path or an authority. A new path stores the requested one, with its query, in
  // x-weir-original-path.
  Result<void> apply(http::Request& request, const Variables& variables) const;

 private:
  PathChange path_;
  Text host_;  // empty: no change
};

// A text for a host. Nothing, with `why` set, if it cannot be one.
std::optional<Text> compileHost(std::string_view text, const TextScope& scope, std::string& why);

}  // namespace weir::route
