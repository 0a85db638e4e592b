#include "core/route/text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "core/base/arena_string.h"
#include "core/base/number.h"
#include "core/base/plain_text.h"
#include "core/config/suggestion.h"
#include "core/http/escapes.h"

namespace weir::route {
namespace {

struct KnownVariable {
  std::string_view name;  // ends in a dot if a name must follow
  Variable variable;
  bool of_response = false;
};

constexpr std::array<KnownVariable, 16> kKnown = {{
    {"request.id", Variable::kRequestId},
    {"client.address", Variable::kClientAddress},
    {"client.identity", Variable::kClientIdentity},
    {"request.method", Variable::kRequestMethod},
    {"request.path", Variable::kRequestPath},
    {"request.query", Variable::kRequestQuery},
    {"request.host", Variable::kRequestHost},
    {"request.scheme", Variable::kRequestScheme},
    {"request.header.", Variable::kRequestHeader},
    {"request.cookie.", Variable::kRequestCookie},
    {"request.query.", Variable::kQueryParameter},
    {"route.name", Variable::kRouteName},
    {"capture.", Variable::kCapture},
    {"upstream.name", Variable::kUpstreamName},
    {"response.status", Variable::kResponseStatus, true},
    {"response.header.", Variable::kResponseHeader, true},
}};

const KnownVariable* findKnown(std::string_view name) {
  for (const KnownVariable& known : kKnown) {
    const bool open = known.name.back() == '.';
    if (open ? name.size() > known.name.size() && name.starts_with(known.name)
             : name == known.name) {
      return &known;
    }
  }
  return nullptr;
}

std::string unknownVariable(std::string_view name) {
  std::vector<std::string_view> names;
  names.reserve(kKnown.size());
  for (const KnownVariable& known : kKnown) names.push_back(known.name);
  std::string text = "unknown variable ${" + std::string(name) + "}";
  const std::string_view closest = config::closestWord(name, names);
  if (closest.empty()) return text;
  const bool open = closest.back() == '.';
  return text + ", did you mean ${" + std::string(closest) + (open ? "NAME}?" : "}?");
}

// The number of a capture, or 0.
std::uint8_t captureNumber(std::string_view name, const TextScope& scope) {
  if (scope.capture_names == nullptr) return 0;
  const auto& names = *scope.capture_names;
  if (const auto number = parseNumber<std::uint8_t>(name)) {
    return *number <= names.size() ? *number : 0;
  }
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? 0 : static_cast<std::uint8_t>(found - names.begin() + 1);
}

std::optional<VariableUse> parseUse(std::string_view name, const TextScope& scope,
                                    std::string& why) {
  const KnownVariable* known = findKnown(name);
  if (known == nullptr) {
    why = unknownVariable(name);
    return std::nullopt;
  }
  if (known->of_response && !scope.has_response) {
    why = "${" + std::string(name) + "}: there is no response yet at this point";
    return std::nullopt;
  }
  const bool of_route =
      known->variable == Variable::kRouteName || known->variable == Variable::kUpstreamName;
  if (of_route && !scope.has_route) {
    why = "${" + std::string(name) + "}: the route is not known yet at this point";
    return std::nullopt;
  }
  VariableUse use;
  use.variable = known->variable;
  if (known->name.back() == '.') use.name = name.substr(known->name.size());
  if (use.variable == Variable::kCapture) use.capture = captureNumber(use.name, scope);
  if (use.variable == Variable::kCapture && use.capture == 0) {
    why = "${" + std::string(name) + "}: the route's path does not capture this";
    return std::nullopt;
  }
  return use;
}

// Removes "${...}" from the front.
std::optional<VariableUse> takeUse(std::string_view& source, const TextScope& scope,
                                   std::string& why) {
  const std::size_t end = source.find('}');
  if (end == std::string_view::npos) {
    why = "\"${\" without \"}\"; a dollar sign itself is \"$$\"";
    return std::nullopt;
  }
  const std::string_view name = source.substr(2, end - 2);
  source.remove_prefix(end + 1);
  return parseUse(name, scope, why);
}

// True for values from a normal path.
bool isPathText(Variable variable) {
  return variable == Variable::kCapture || variable == Variable::kRequestPath;
}

// True for values from the query, in which a plus sign may stand for a space.
bool isQueryText(Variable variable) {
  return variable == Variable::kRequestQuery || variable == Variable::kQueryParameter;
}

void appendWithoutControls(std::string_view value, ArenaString& text) {
  char* const to = text.extend(value.size());
  text.giveBack(std::copy_if(value.begin(), value.end(), to, isFieldByte));
}

void appendEncoded(std::string_view value, ArenaString& text) {
  char* const to = text.extend(value.size() * 3);
  text.giveBack(http::writeEscaped(value, to));
}

// For a value that the client has percent-encoded: encodes the bytes that its escapes represent,
// not the escapes themselves. Bytes in `kept` stay.
void appendEncodedOnce(std::string_view value, std::string_view kept, ArenaString& text) {
  char* to = text.extend(value.size() * 3);
  while (!value.empty()) {
    const int escaped = http::escapedByte(value);
    const char c = escaped < 0 ? value.front() : static_cast<char>(escaped);
    if (http::isUnreserved(c) || (escaped < 0 && kept.find(c) != std::string_view::npos)) {
      *to++ = c;
    } else {
      to = http::writeEscape(c, to);
    }
    value.remove_prefix(escaped < 0 ? 1 : 3);
  }
  text.giveBack(to);
}

}  // namespace

std::optional<Text> Text::compile(std::string_view source, const TextScope& scope,
                                  std::string& why) {
  Text text;
  while (!source.empty()) {
    const std::size_t dollar = std::min(source.find('$'), source.size());
    text.tail_ += source.substr(0, dollar);
    source.remove_prefix(dollar);
    if (source.starts_with("${")) {
      auto use = takeUse(source, scope, why);
      if (!use) return std::nullopt;
      text.pieces_.push_back({std::exchange(text.tail_, {}), *std::move(use)});
    } else if (!source.empty()) {
      text.tail_ += '$';
      source.remove_prefix(source.starts_with("$$") ? 2 : 1);
    }
  }
  return text;
}

template <typename AppendValue>
std::string_view Text::build(const Variables& variables, Arena& arena,
                             AppendValue append_value) const {
  if (isConstant()) return tail_;
  ArenaString text(arena, 64);
  for (const Piece& piece : pieces_) {
    text.append(piece.literal);
    append_value(piece.use, variables.value(piece.use), text);
  }
  text.append(tail_);
  return text.finish();
}

std::string_view Text::expand(const Variables& variables, Arena& arena) const {
  return build(variables, arena, [](const VariableUse&, std::string_view value, ArenaString& text) {
    appendWithoutControls(value, text);
  });
}

std::string_view Text::expandAsPath(const Variables& variables, Arena& arena) const {
  return build(variables, arena,
               [](const VariableUse& use, std::string_view value, ArenaString& text) {
                 if (isPathText(use.variable)) return text.append(value);
                 if (isQueryText(use.variable)) return appendEncodedOnce(value, {}, text);
                 appendEncoded(value, text);
               });
}

std::string_view Text::expandAsQuery(const Variables& variables, Arena& arena) const {
  return build(variables, arena,
               [](const VariableUse& use, std::string_view value, ArenaString& text) {
                 if (isQueryText(use.variable)) return appendEncodedOnce(value, "+", text);
                 if (isPathText(use.variable)) return appendEncodedOnce(value, {}, text);
                 appendEncoded(value, text);
               });
}

}  // namespace weir::route
