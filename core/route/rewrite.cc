#include "core/route/rewrite.h"

#include <algorithm>

#include "core/base/arena_string.h"
#include "core/http/syntax.h"
#include "core/route/path.h"

namespace weir::route {
namespace {

// Keeps an accepted path unchanged, so that a second normalization has no effect.
constexpr PathRules kAsLetIn{ReservedEscapes::kKeep, false};

// Sample values, to check the result of a configured text.
class SampleVariables final : public Variables {
 public:
  std::string_view value(const VariableUse&) const override { return "x"; }
};

Error notNormal() {
  return {ErrorCode::kInvalid, Origin::kDownstream, "rewrite: the new path is not a normal path"};
}

bool isNormal(std::string_view path, Arena& arena) {
  const auto normal = normalizePath(path, kAsLetIn, arena);
  return normal && normal.value().text.data() == path.data();
}

bool makesNormalPath(const PathChange& change, std::string_view text, std::string& why) {
  BlockPool pool(4096);
  Arena arena(pool);
  if (change.apply("/x", SampleVariables(), arena)) return true;
  why = "\"" + std::string(text) + "\" is not a path that can be forwarded";
  return false;
}

}  // namespace

std::optional<Text> compileHost(std::string_view text, const TextScope& scope, std::string& why) {
  auto host = Text::compile(text, scope, why);
  if (!host || !host->isConstant() || http::isAuthority(host->constant())) return host;
  why = "\"" + std::string(text) + "\" is not a host";
  return std::nullopt;
}

std::optional<PathChange> PathChange::prefix(std::string_view text, std::size_t matched_bytes,
                                             std::string& why) {
  PathChange change;
  change.kind_ = Kind::kPrefix;
  change.prefix_ = text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
  if (!makesNormalPath(change, text, why)) return std::nullopt;
  change.matched_bytes_ = matched_bytes;
  return change;
}

std::optional<PathChange> PathChange::path(std::string_view text, const TextScope& scope,
                                           std::string& why) {
  PathChange change;
  change.kind_ = Kind::kPath;
  const std::size_t mark = text.find('?');
  auto path = Text::compile(text.substr(0, mark), scope, why);
  if (!path) return std::nullopt;
  change.path_ = *std::move(path);
  if (mark != std::string_view::npos) {
    change.query_ = Text::compile(text.substr(mark + 1), scope, why);
    if (!change.query_) return std::nullopt;
  }
  if (!makesNormalPath(change, text, why)) return std::nullopt;
  return change;
}

std::optional<PathChange> PathChange::regex(std::string_view pattern, std::string_view with,
                                            std::string& why) {
  PathChange change;
  change.kind_ = Kind::kRegex;
  change.substitution_ = Substitution::compile(pattern, with, why);
  if (!change.substitution_) return std::nullopt;
  return change;
}

std::string_view PathChange::withPrefix(std::string_view path, Arena& arena) const {
  const std::string_view rest = path.substr(lengthWithParameters(path, matched_bytes_));
  if (prefix_.empty()) return rest.empty() ? "/" : rest;
  if (rest.empty()) return prefix_;
  ArenaString text(arena, prefix_.size() + rest.size());
  text.append(prefix_);
  text.append(rest);
  return text.finish();
}

Result<PathChange::Changed> PathChange::apply(std::string_view path, const Variables& variables,
                                              Arena& arena) const {
  Changed changed{path, std::nullopt};
  if (path == "*") return changed;  // not a path, no change
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

Result<void> Rewrite::apply(http::Request& request, const Variables& variables) const {
  Arena& arena = request.headers.arena();
  WEIR_TRY(const PathChange::Changed changed, path_.apply(request.path, variables, arena));
  if (!host_.empty()) {
    const std::string_view host = host_.expand(variables, arena);
    if (!http::isAuthority(host)) {
      return Error{ErrorCode::kInvalid, Origin::kDownstream, "rewrite: the new host is not a host"};
    }
    request.authority = host;
  }
  if (!path_.empty()) {
    request.headers.set(http::HeaderId::kXWeirOriginalPath, http::pathAndQuery(request, arena));
  }
  request.path = changed.path;
  if (changed.query) {
    request.query = *changed.query;
    request.has_query = true;
  }
  return {};
}

}  // namespace weir::route
