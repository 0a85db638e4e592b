#include "core/config/mistakes.h"

#include <algorithm>
#include <tuple>

#include "core/config/json_writer.h"

namespace weir::config {

std::string Place::text() const {
  if (line == 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string Mistake::text() const {
  std::string text = place.text();
  if (!text.empty()) text += ": ";
  if (!path.empty()) text += path + ": ";
  text += what;
  if (!suggestion.empty()) text += " (did you mean \"" + suggestion + "\"?)";
  return text;
}

std::vector<Mistake> Mistakes::sorted() const {
  std::vector<Mistake> sorted = mistakes_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Mistake& left, const Mistake& right) {
    return std::tie(left.place.file, left.place.line, left.place.column) <
           std::tie(right.place.file, right.place.line, right.place.column);
  });
  return sorted;
}

std::string Mistakes::text() const {
  std::string text;
  for (const Mistake& mistake : sorted()) text += mistake.text() + "\n";
  return text;
}

std::string Mistakes::json() const {
  JsonWriter json;
  json.beginArray();
  for (const Mistake& mistake : sorted()) {
    json.beginObject();
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
  json.endArray();
  return json.result();
}

}  // namespace weir::config
