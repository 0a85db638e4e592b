#include "core/config/entry.h"

#include "core/config/document.h"
#include "core/config/toml_writer.h"

namespace weir::config {
namespace {

constexpr std::size_t kQuotedLength = 60;  // bytes

bool continuesCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::string quotedText(std::string_view text) {
  if (text.size() <= kQuotedLength) return quotedToml(text);
  std::size_t end = kQuotedLength;
  while (end > 0 && continuesCharacter(text[end])) --end;
  return quotedToml(std::string(text.substr(0, end)) + "...");
}

std::string Path::text() const {
  std::string text = parent == nullptr ? std::string() : parent->text();
  if (index != kNoIndex) return text + "[" + std::to_string(index) + "]";
  if (key.empty()) return text;
  if (!text.empty()) text += ".";
  return text + tomlKey(key);
}

std::string arrayAround(const Entry& entry) {
  return entry.value().isTable() ? "[[" + entry.path().text() + "]]" : std::string();
}

Entry Entry::element(std::size_t index) const {
  return {(*value_.as<Value::Array>())[index], {&path_, {}, index}, reading_};
}

bool Entry::fail(std::string_view what, std::string_view suggestion) const {
  reading_.diagnostics.add({reading_.document.location(value_.position()), path_.text(),
                            std::string(what), std::string(suggestion)});
  return false;
}

bool Entry::failInside(std::size_t offset, std::string_view what,
                       std::string_view suggestion) const {
  reading_.diagnostics.add({reading_.document.locationInString(value_.position(), offset),
                            path_.text(), std::string(what), std::string(suggestion)});
  return false;
}

bool Entry::failKind(std::string_view expected, std::string_view suggestion) const {
  std::string what = "expected " + std::string(expected) + ", found ";
  const auto* text = value_.as<std::string>();
  what += text == nullptr ? std::string(nameOf(value_.kind())) : quotedText(*text);
  return fail(what, suggestion);
}

}  // namespace weir::config
