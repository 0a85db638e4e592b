#include "gateway/transform/heads/header_changes.h"

#include <algorithm>
#include <optional>

#include "core/base/plain_text.h"
#include "core/http/syntax.h"
#include "core/route/header_rules.h"

namespace weir::gateway {
namespace {

constexpr std::size_t kMostReplaced = 16 * 1024;  // bytes of a value

// The beginning of all names of "x-internal-*"; nothing for a complete name.
std::optional<std::string_view> prefixOf(std::string_view name) {
  if (!name.ends_with('*')) return std::nullopt;
  return name.substr(0, name.size() - 1);
}

void removeFields(http::Headers& headers, std::string_view name) {
  const auto prefix = prefixOf(name);
  if (!prefix) return headers.remove(name);
  headers.removeIf([&](const http::Header& field) {
    return http::equalsIgnoringCase(field.name.substr(0, prefix->size()), *prefix);
  });
}

void renameFields(http::Headers& headers, std::string_view from, std::string_view to) {
  const std::size_t count = headers.size();
  for (std::size_t i = 0; i < count; ++i) {
    const http::Header field = headers.begin()[i];
    if (http::equalsIgnoringCase(field.name, from)) headers.add(to, field.value);
  }
  headers.remove(from);
}

void replaceValues(http::Headers& headers, const HeaderReplacement& replacement,
                   const HeadFacts& facts) {
  for (http::Header& field : headers) {
    if (!http::equalsIgnoringCase(field.name, replacement.header)) continue;
    const auto value = replacement.substitution->apply(field.value, kMostReplaced, facts.arena);
    if (value && isFieldText(*value)) {
      field.value = *value;
    } else {
      ++facts.dropped;
    }
  }
}

}  // namespace

void HeaderReplacement::read(config::Table& table, HeaderReplacement& out) {
  table.read("header", out.header, "Name of the header.", {.min_size = 1, .required = true});
  table.read("regex", out.regex, "Regular expression (RE2) of the parts that are replaced.",
             {.min_size = 1, .required = true});
  table.read("with", out.with, "Text instead of each match; `\\1` to `\\9` are groups.");
  if (!table.has("regex")) return;
  std::string why;
  auto compiled = Substitution::compile(out.regex, out.with, why);
  if (!compiled) return table.fail("regex", why);
  out.substitution = std::make_shared<const Substitution>(*std::move(compiled));
}

void HeaderChanges::read(config::Table& table, HeaderChanges& out) {
  table.read("remove", out.remove,
             "Names of headers that are removed; `x-internal-*` stands for all that begin so.");
  table.read("rename", out.rename, "Headers and their new names.");
  table.read("replace", out.replace, "Replacements in the values of headers.");
  table.read("set_if_absent", out.set_if_absent, "Headers that are set if the message lacks them.");
  table.read("set", out.set, "Headers that replace those of the same name.");
  table.read("add", out.add, "Headers that are added to those of the same name.");
}

void HeaderChanges::complete(config::Table& table, std::string_view key, Place place,
                             bool trailers) {
  const route::TextScope scope{.has_response = place == Place::kResponse};
  for (NamedValues* const values : {&set_if_absent, &set, &add}) {
    compileValues(table, key, *values, scope);
    for (const auto& [name, value] : *values) checkName(table, key, name, trailers);
  }
  for (const std::string& name : remove) {
    const auto prefix = prefixOf(name);
    if (prefix && http::isToken(*prefix)) continue;
    checkName(table, key, name, trailers);
  }
  for (const auto& [from, to] : rename) {
    checkName(table, key, from, trailers);
    checkName(table, key, to, trailers);
    if (http::equalsIgnoringCase(from, to)) table.fail(key, "renames \"" + from + "\" to itself");
  }
  for (const HeaderReplacement& each : replace) checkName(table, key, each.header, trailers);
}

void HeaderChanges::checkName(config::Table& table, std::string_view key, std::string_view name,
                              bool trailers) const {
  std::string why;
  if (!route::isChangeableHeader(name, why)) return table.fail(key, why);
  if (trailers && http::isForbiddenInTrailers(http::headerId(name))) {
    table.fail(key, "\"" + std::string(name) + "\" cannot be a trailer");
  }
}

bool HeaderChanges::empty() const {
  return remove.empty() && rename.empty() && replace.empty() && set_if_absent.empty() &&
         set.empty() && add.empty();
}

void HeaderChanges::apply(http::Headers& headers, const HeadFacts& facts) const {
  for (const std::string& name : remove) removeFields(headers, name);
  for (const auto& [from, to] : rename) renameFields(headers, from, to);
  for (const HeaderReplacement& each : replace) replaceValues(headers, each, facts);
  for (const auto& [name, value] : set_if_absent) {
    if (headers.find(name) != nullptr) continue;
    if (const auto text = value.evaluate(facts)) headers.add(name, *text);
  }
  for (const auto& [name, value] : set) {
    const auto text = value.evaluate(facts);
    headers.remove(name);
    if (text) headers.add(name, *text);
  }
  for (const auto& [name, value] : add) {
    if (const auto text = value.evaluate(facts)) headers.add(name, *text);
  }
}

}  // namespace weir::gateway
