#include "core/route/header_rules.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/plain_text.h"
#include "core/http/syntax.h"

namespace weir::route {
namespace {

std::optional<Text> compileFieldText(std::string_view text, const TextScope& scope,
                                     std::string& why) {
  if (isFieldText(text)) return Text::compile(text, scope, why);
  why = "a header cannot contain a control byte";
  return std::nullopt;
}

}  // namespace

bool isHeaderName(std::string_view text) { return !text.empty() && http::isTokenSoFar(text); }

bool isChangeableHeader(std::string_view name, std::string& why) {
  const std::string quoted = "\"" + std::string(name) + "\"";
  const http::HeaderId id = http::headerId(name);
  if (!isHeaderName(name)) {
    why = quoted + " is not the name of a header";
  } else if (id == http::HeaderId::kHost) {
    why = quoted + " cannot be changed as a header; use rewrite = { host = ... }";
  } else if (http::isFramingField(id) || id == http::HeaderId::kTrailer) {
    why = quoted + " frames the message; weir writes it itself";
  } else if (id == http::HeaderId::kXWeirIdentity) {
    why = quoted + " identifies the caller; only weir may set it";
  }
  return why.empty();
}

bool HeaderRules::remove(std::string_view name, std::string& why) {
  return append(Verb::kRemove, name, Text(), why);
}

bool HeaderRules::set(std::string_view name, std::string_view text, const TextScope& scope,
                      std::string& why) {
  auto value = compileFieldText(text, scope, why);
  return value && append(Verb::kSet, name, *std::move(value), why);
}

bool HeaderRules::add(std::string_view name, std::string_view text, const TextScope& scope,
                      std::string& why) {
  auto value = compileFieldText(text, scope, why);
  return value && append(Verb::kAdd, name, *std::move(value), why);
}

bool HeaderRules::append(Verb verb, std::string_view name, Text value, std::string& why) {
  if (!isChangeableHeader(name, why)) return false;
  changes_.push_back({verb, http::headerId(name), std::string(name), std::move(value)});
  return true;
}

void HeaderRules::apply(http::Headers& headers, const Variables& variables) const {
  for (const Change& change : changes_) {
    if (change.verb == Verb::kRemove) {
      headers.remove(change.name);
      continue;
    }
    const std::string_view value = change.value.expand(variables, headers.arena());
    if (change.verb == Verb::kSet) headers.remove(change.name);
    if (value.empty() && !change.value.isConstant()) continue;
    headers.add(change.id, change.name, value);
  }
}

}  // namespace weir::route
