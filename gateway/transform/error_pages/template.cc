#include "gateway/transform/error_pages/template.h"

#include <algorithm>
#include <utility>

#include "core/base/arena_writer.h"

namespace weir::gateway {
namespace {

// Bytes that are not printable ASCII have no meaning that all readers agree about.
bool isPrintable(char c) { return c >= ' ' && c <= '~'; }

std::string_view htmlEscape(char c) {
  switch (c) {
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '&':
      return "&amp;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return "";
  }
}

// Also safe within a script of HTML.
std::string_view jsonEscape(char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '<':
      return "\\u003c";
    case '>':
      return "\\u003e";
    case '&':
      return "\\u0026";
    default:
      return "";
  }
}

void putEscaped(ArenaWriter& to, std::string_view value, PageFormat format) {
  for (const char c : value) {
    std::string_view escape;
    if (format == PageFormat::kHtml) escape = htmlEscape(c);
    if (format == PageFormat::kJson) escape = jsonEscape(c);
    escape.empty() ? to.put(isPrintable(c) ? c : '?') : to.put(escape);
  }
}

std::size_t lineOf(std::string_view text, std::size_t at) {
  return static_cast<std::size_t>(
             std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
         1;
}

std::string unknownVariable(std::string_view name, std::size_t line) {
  std::string why = "names the unknown variable ${" + std::string(name) + "} in line " +
                    std::to_string(line) + "; known are";
  for (const std::string_view known : kPageVariables) why.append(" ").append(known);
  return why + ". A dollar sign is written as $$";
}

}  // namespace

std::optional<PageTemplate> PageTemplate::parse(std::string_view text, std::string& why) {
  PageTemplate page;
  std::string literal;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t dollar = text.find('$', at);
    literal += text.substr(at, dollar - at);
    if (dollar == std::string_view::npos) break;
    if (text.substr(dollar, 2) != "${") {
      literal += '$';
      at = dollar + (text.substr(dollar, 2) == "$$" ? 2 : 1);
      continue;
    }
    const std::size_t end = text.find('}', dollar);
    if (end == std::string_view::npos) {
      why = "has no end of the variable in line " + std::to_string(lineOf(text, dollar));
      return std::nullopt;
    }
    const std::string_view name = text.substr(dollar + 2, end - dollar - 2);
    const auto* const known = std::find(kPageVariables.begin(), kPageVariables.end(), name);
    if (known == kPageVariables.end()) {
      why = unknownVariable(name, lineOf(text, dollar));
      return std::nullopt;
    }
    page.pieces_.push_back(
        {std::exchange(literal, {}), static_cast<std::size_t>(known - kPageVariables.begin())});
    at = end + 1;
  }
  page.tail_ = std::move(literal);
  return page;
}

std::string_view PageTemplate::expand(const PageValues& values, PageFormat format,
                                      Arena& arena) const {
  const auto cut = [&](const Piece& piece) { return values[piece.variable].substr(0, kMostValue); };
  std::size_t room = tail_.size();
  for (const Piece& piece : pieces_) room += piece.literal.size() + cut(piece).size() * kMostEscape;
  ArenaWriter text(arena, room);
  for (const Piece& piece : pieces_) {
    text.put(piece.literal);
    putEscaped(text, cut(piece), format);
  }
  return text.put(tail_).text();
}

}  // namespace weir::gateway
