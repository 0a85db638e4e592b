#include "core/route/header_rules.h"

#include <algorithm>
#include <utility>

#include "core/route/settings.h"

namespace weir::route {
namespace {

bool isTokenByte(char c) {  // RFC 9110, 5.6.2
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         kMarks.find(c) != kMarks.npos;
}

bool isToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), isTokenByte);
}

bool isFieldText(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < ' ' && byte != '\t') || byte == 0x7F;
  });
}

bool isFraming(http::HeaderId id) {
  switch (id) {
    case http::HeaderId::kConnection:
    case http::HeaderId::kContentLength:
    case http::HeaderId::kExpect:
    case http::HeaderId::kHost:
    case http::HeaderId::kKeepAlive:
    case http::HeaderId::kProxyConnection:
    case http::HeaderId::kTe:
    case http::HeaderId::kTrailer:
    case http::HeaderId::kTransferEncoding:
    case http::HeaderId::kUpgrade:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool isChangeableHeader(std::string_view name, std::string& why) {
  const std::string quoted = "\"" + std::string(name) + "\"";
  const http::HeaderId id = http::headerId(name);
  if (!isToken(name)) {
    why = quoted + " is not the name of a header";
  } else if (id == http::HeaderId::kHost) {
    why = quoted + " cannot be changed as a header; use rewrite = { host = ... }";
  } else if (isFraming(id)) {
    why = quoted + " frames the message; weir writes it itself";
  } else if (id == http::HeaderId::kXWeirIdentity) {
    why = quoted + " says who the caller is; only weir may set it";
  }
  return why.empty();
}

std::optional<HeaderRules> HeaderRules::compile(const HeaderRulesSettings& settings,
                                                const TextScope& scope, std::string& why) {
  HeaderRules rules;
  for (const std::string& name : settings.remove) {
    if (!rules.append(Verb::kRemove, name, Text(), why)) return std::nullopt;
  }
  if (!rules.appendTexts(Verb::kSet, settings.set, scope, why)) return std::nullopt;
  if (!rules.appendTexts(Verb::kAdd, settings.add, scope, why)) return std::nullopt;
  return rules;
}

bool HeaderRules::appendTexts(Verb verb,
                              const std::vector<std::pair<std::string, std::string>>& texts,
                              const TextScope& scope, std::string& why) {
  for (const auto& [name, source] : texts) {
    auto text = Text::compile(source, scope, why);
    if (text && !isFieldText(source)) why = "a control byte cannot be part of a header";
    if (!why.empty() || !append(verb, name, *std::move(text), why)) return false;
  }
  return true;
}

bool HeaderRules::append(Verb verb, const std::string& name, Text value, std::string& why) {
  if (!isChangeableHeader(name, why)) return false;
  const bool twice = std::any_of(changes_.begin(), changes_.end(), [&](const Change& change) {
    return change.verb == verb && http::equalsIgnoringCase(change.name, name);
  });
  if (twice) {
    why = "\"" + name + "\" stands here twice, in different case";
    return false;
  }
  changes_.push_back({verb, http::headerId(name), name, std::move(value)});
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
