#include "core/config/mistakes.h"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "core/config/json_writer.h"

namespace weir::config {
namespace {

std::vector<Mistake> inOrder(std::vector<Mistake> mistakes) {
  std::stable_sort(mistakes.begin(), mistakes.end(), [](const Mistake& left, const Mistake& right) {
    return std::tie(left.place.file, left.place.line, left.place.column) <
           std::tie(right.place.file, right.place.line, right.place.column);
  });
  return mistakes;
}

// What a file says goes to a terminal: it must not move its cursor or colour its text.
std::string escaped(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      result += c;
    } else {
      result += "\\x";
      result += kHex[byte >> 4U];
      result += kHex[byte & 0xfU];
    }
  }
  return result;
}

void write(const Mistake& mistake, std::string_view severity, JsonWriter& json) {
  json.beginObject();
  json.key("severity");
  json.text(severity);
  json.key("file");
  json.text(mistake.place.file);
  json.key("line");
  json.integer(mistake.place.line);
  json.key("column");
  json.integer(mistake.place.column);
  json.key("path");
  json.text(mistake.path);
  json.key("what");
  json.text(mistake.what);
  json.key("suggestion");
  json.text(mistake.suggestion);
  json.endObject();
}

}  // namespace

std::string Place::text() const {
  if (line == 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string Mistake::text() const {
  std::string text = place.text();
  if (!text.empty()) text += ": ";
  if (!path.empty()) text += path + ": ";
  text += what;
  if (suggestion.find('"') != std::string::npos) {
    text += " (did you mean " + suggestion + "?)";
  } else if (!suggestion.empty()) {
    text += " (did you mean \"" + suggestion + "\"?)";
  }
  return escaped(text);
}

std::vector<Mistake> Mistakes::sorted() const { return inOrder(mistakes_); }
std::vector<Mistake> Mistakes::warnings() const { return inOrder(warnings_); }

std::string Mistakes::text() const {
  std::string text;
  for (const Mistake& mistake : sorted()) text += mistake.text() + "\n";
  for (const Mistake& warning : warnings()) {
    Mistake marked = warning;
    marked.path = "warning: " + marked.path;
    text += marked.text() + "\n";
  }
  return text;
}

std::string Mistakes::json() const {
  JsonWriter json;
  json.beginArray();
  for (const Mistake& mistake : sorted()) write(mistake, "error", json);
  for (const Mistake& warning : warnings()) write(warning, "warning", json);
  json.endArray();
  return json.result();
}

}  // namespace weir::config
