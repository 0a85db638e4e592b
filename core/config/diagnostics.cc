#include "core/config/diagnostics.h"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "core/config/json_writer.h"

namespace weir::config {
namespace {

std::vector<Diagnostic> inOrder(std::vector<Diagnostic> diagnostics) {
  std::stable_sort(
      diagnostics.begin(), diagnostics.end(), [](const Diagnostic& left, const Diagnostic& right) {
        return std::tie(left.location.file, left.location.line, left.location.column) <
               std::tie(right.location.file, right.location.line, right.location.column);
      });
  return diagnostics;
}

// Text from a file goes to a terminal: it must not move the cursor or change colors.
std::string printable(std::string_view text) {
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

void write(const Diagnostic& mistake, std::string_view severity, JsonWriter& json) {
  json.beginObject();
  json.key("severity");
  json.text(severity);
  json.key("file");
  json.text(mistake.location.file);
  json.key("line");
  json.integer(mistake.location.line);
  json.key("column");
  json.integer(mistake.location.column);
  json.key("path");
  json.text(mistake.path);
  json.key("what");
  json.text(mistake.what);
  json.key("suggestion");
  json.text(mistake.suggestion);
  json.endObject();
}

}  // namespace

std::string Location::text() const {
  if (line == 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string Diagnostic::text() const {
  std::string text = location.text();
  if (!text.empty()) text += ": ";
  if (!path.empty()) text += path + ": ";
  text += what;
  if (suggestion.find('"') != std::string::npos) {
    text += " (did you mean " + suggestion + "?)";
  } else if (!suggestion.empty()) {
    text += " (did you mean \"" + suggestion + "\"?)";
  }
  return printable(text);
}

void Diagnostics::add(Diagnostic mistake) {
  if (std::ranges::find(muted_, mistake.location) != muted_.end()) return;
  diagnostics_.push_back(std::move(mistake));
}

std::vector<Diagnostic> Diagnostics::sorted() const { return inOrder(diagnostics_); }
std::vector<Diagnostic> Diagnostics::warnings() const { return inOrder(warnings_); }

std::string Diagnostics::text() const {
  std::string text;
  for (const Diagnostic& mistake : sorted()) text += mistake.text() + "\n";
  for (const Diagnostic& warning : warnings()) {
    Diagnostic marked = warning;
    marked.path = "warning: " + marked.path;
    text += marked.text() + "\n";
  }
  return text;
}

std::string Diagnostics::json() const {
  JsonWriter json;
  json.beginArray();
  for (const Diagnostic& mistake : sorted()) write(mistake, "error", json);
  for (const Diagnostic& warning : warnings()) write(warning, "warning", json);
  json.endArray();
  return json.result();
}

}  // namespace weir::config
