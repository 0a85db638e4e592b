#include "core/route/rewrite.h"

#include <algorithm>
#include <utility>

#include "core/route/arena_text.h"
#include "core/route/path.h"
#include "core/route/settings.h"

namespace weir::route {
namespace {

// What was let in stays as it is, so that a second look changes nothing.
constexpr PathRules kAsLetIn{ReservedEscapes::kKeep, false};

// Stands for what a request may bring, to see what a configured text makes of it.
class SampleVariables final : public Variables {
 public:
  std::string_view value(const VariableUse&) const override { return "x"; }
};

Error notNormal() {
  return {ErrorCode::kInvalid, Origin::kDownstream, "rewrite: the new path is not a normal path"};
}

bool isNormal(std::string_view path, Arena& arena) {
  const auto normal = normalizePath(path, kAsLetIn, arena);
  return normal && normal.value().data() == path.data();
}

bool makesNormalPath(const PathChange& change, const std::string& text, std::string& why) {
  BlockPool pool(4096);
  Arena arena(pool);
  if (change.apply("/x", SampleVariables(), arena)) return true;
  why = "\"" + text + "\" is not a path that can be sent on";
  return false;
}

std::string_view pathAndQuery(const http::Request& request) {
  if (!request.has_query) return request.path;
  ArenaText text(request.headers.arena(), request.path.size() + 1 + request.query.size());
  text.append(request.path);
  text.append('?');
  text.append(request.query);
  return text.finish();
}

}  // namespace

bool isAuthority(std::string_view text) {
  static constexpr std::string_view kMarks = "-._~:[]%!$&'()*+,;=";  // RFC 3986, 3.2.2
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kMarks.find(c) != kMarks.npos;
  });
}

std::optional<PathChange> PathChange::compile(const PathChangeSettings& settings,
                                              const RewriteScope& scope, std::string& why) {
  PathChange change;
  const int ways = static_cast<int>(settings.prefix.has_value()) +
                   static_cast<int>(settings.path.has_value()) +
                   static_cast<int>(settings.regex.has_value());
  if (ways > 1) {
    why = "\"path\", \"prefix\" and \"regex\" exclude each other";
  } else if (settings.regex.has_value() != settings.with.has_value()) {
    why = "\"regex\" and \"with\" belong together";
  } else if (settings.regex) {
    change.kind_ = Kind::kRegex;
    change.substitution_ = Substitution::compile(*settings.regex, *settings.with, why);
  } else if (settings.path) {
    change.compilePath(*settings.path, scope.text, why);
  } else if (settings.prefix) {
    change.compilePrefix(*settings.prefix, scope, why);
  }
  if (!why.empty()) return std::nullopt;
  return change;
}

bool PathChange::compilePath(const std::string& text, const TextScope& scope, std::string& why) {
  kind_ = Kind::kPath;
  const std::size_t mark = text.find('?');
  auto path = Text::compile(text.substr(0, mark), scope, why);
  if (!path) return false;
  path_ = *std::move(path);
  if (mark != text.npos) {
    query_ = Text::compile(text.substr(mark + 1), scope, why);
    if (!query_) return false;
  }
  return makesNormalPath(*this, text, why);
}

bool PathChange::compilePrefix(const std::string& text, const RewriteScope& scope,
                               std::string& why) {
  kind_ = Kind::kPrefix;
  if (!scope.prefix_bytes) {
    why = "a prefix can be replaced only where match = { path_prefix = ... } says which";
    return false;
  }
  prefix_ = text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
  const bool normal = makesNormalPath(*this, text, why);
  prefix_bytes_ = *scope.prefix_bytes;
  return normal;
}

std::string_view PathChange::withPrefix(std::string_view path, Arena& arena) const {
  const std::string_view rest = path.substr(std::min(prefix_bytes_, path.size()));
  if (prefix_.empty()) return rest.empty() ? "/" : rest;
  if (rest.empty()) return prefix_;
  ArenaText text(arena, prefix_.size() + rest.size());
  text.append(prefix_);
  text.append(rest);
  return text.finish();
}

Result<PathChange::Changed> PathChange::apply(std::string_view path, const Variables& variables,
                                              Arena& arena) const {
  Changed changed{path, std::nullopt};
  if (path == "*") return changed;  // is no path, and stays
  switch (kind_) {
    case Kind::kNone:
      return changed;
    case Kind::kPrefix:
      changed.path = withPrefix(path, arena);
      break;
    case Kind::kPath:
      changed.path = path_.expandAsPath(variables, arena);
      if (query_) changed.query = query_->expandAsQuery(variables, arena);
      break;
    case Kind::kRegex: {
      const auto replaced = substitution_->apply(path, kMaxPathBytes, arena);
      if (!replaced) return notNormal();
      changed.path = *replaced;
      break;
    }
  }
  if (!isNormal(changed.path, arena)) return notNormal();
  return changed;
}

std::optional<Rewrite> Rewrite::compile(const RewriteSettings& settings, const RewriteScope& scope,
                                        std::string& why) {
  Rewrite rewrite;
  auto path = PathChange::compile(settings.path, scope, why);
  if (!path) return std::nullopt;
  rewrite.path_ = *std::move(path);
  if (!settings.host) return rewrite;
  auto host = Text::compile(*settings.host, scope.text, why);
  if (host && host->isConstant() && !isAuthority(host->constant())) {
    why = "\"" + *settings.host + "\" is not a host";
  }
  if (!why.empty()) return std::nullopt;
  rewrite.host_ = *std::move(host);
  return rewrite;
}

Result<void> Rewrite::apply(http::Request& request, const Variables& variables) const {
  Arena& arena = request.headers.arena();
  WEIR_TRY(const PathChange::Changed changed, path_.apply(request.path, variables, arena));
  if (!host_.empty()) {
    const std::string_view host = host_.expand(variables, arena);
    if (!isAuthority(host)) {
      return Error{ErrorCode::kInvalid, Origin::kDownstream, "rewrite: the new host is not a host"};
    }
    request.authority = host;
  }
  if (!path_.empty()) {
    request.headers.set(http::HeaderId::kXWeirOriginalPath, pathAndQuery(request));
  }
  request.path = changed.path;
  if (changed.query) {
    request.query = *changed.query;
    request.has_query = true;
  }
  return {};
}

}  // namespace weir::route
