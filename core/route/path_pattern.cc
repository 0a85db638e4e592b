#include "core/route/path_pattern.h"

#include <algorithm>
#include <utility>

#include "core/base/arena.h"
#include "core/route/path.h"

namespace weir::route {
namespace {

std::string inQuotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

// A configured path must have the normal form of requests, or it would never match.
bool isNormal(std::string_view text, std::string& why) {
  BlockPool pool(4096);
  Arena arena(pool);
  const PathRules rules{ReservedEscapes::kKeep, false};
  const auto normal = normalizePath(text, rules, arena);
  if (text == "*" || !normal) {
    why = inQuotes(text) + " is not a path";
    if (!normal) why += " (" + std::string(normal.error().detail) + ")";
  } else if (normal.value().has_parameters) {
    why = inQuotes(text) +
          " is never matched: the parameters of a segment, from \";\" on, are ignored";
  } else if (normal.value().text != text) {
    why = inQuotes(text) + " is never matched, requests are matched as " +
          inQuotes(normal.value().text);
  }
  return why.empty();
}

std::vector<PathPattern::Segment> split(std::string_view path) {
  std::vector<PathPattern::Segment> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.push_back({std::string(path.substr(0, end)), false});
    path.remove_prefix(end);
  }
  return segments;
}

bool isIdentifier(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto part = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && letter(text.front()) && std::all_of(text.begin(), text.end(), part);
}

// Turns "{id}" into a captured segment "id".
bool markCaptured(PathPattern::Segment& segment, std::vector<std::string>& names,
                  std::string& why) {
  const std::string& text = segment.text;
  if (text.find_first_of("{}") == std::string_view::npos) return true;
  const std::string name = text.size() > 2 ? text.substr(1, text.size() - 2) : "";
  if (text.front() != '{' || text.back() != '}' || !isIdentifier(name)) {
    why = inQuotes(text) + ": a captured segment is written \"{name}\" and is a whole segment";
  } else if (std::find(names.begin(), names.end(), name) != names.end()) {
    why = inQuotes(text) + " occurs twice in the path";
  } else if (names.size() == Captures::kMax) {
    why = "a path can capture at most 9 segments";
  }
  names.push_back(name);
  segment = {name, true};
  return why.empty();
}

bool isShallow(const std::vector<PathPattern::Segment>& segments, std::string& why) {
  if (segments.size() <= PathPattern::kMaxSegments) return true;
  why = "a path may have at most " + std::to_string(PathPattern::kMaxSegments) + " segments";
  return false;
}

}  // namespace

std::optional<PathPattern> PathPattern::exact(std::string_view text, std::string& why) {
  PathPattern pattern;
  pattern.kind_ = Kind::kExact;
  pattern.text_ = text;
  if (!isNormal(text, why)) return std::nullopt;
  pattern.segments_ = split(text);
  if (!isShallow(pattern.segments_, why)) return std::nullopt;
  return pattern;
}

std::optional<PathPattern> PathPattern::prefix(std::string_view text, std::string& why) {
  auto pattern = exact(text, why);
  if (!pattern) return std::nullopt;
  pattern->kind_ = Kind::kPrefix;
  // "/a/" is the same prefix as "/a": both match "/a", "/a/" and "/a/b".
  if (pattern->segments_.back().text.empty()) pattern->segments_.pop_back();
  return pattern;
}

std::optional<PathPattern> PathPattern::pathTemplate(std::string_view text, std::string& why) {
  auto pattern = exact(text, why);
  if (!pattern) return std::nullopt;
  for (Segment& segment : pattern->segments_) {
    if (!markCaptured(segment, pattern->capture_names_, why)) return std::nullopt;
  }
  if (!pattern->capture_names_.empty()) pattern->kind_ = Kind::kTemplate;
  return pattern;
}

std::optional<PathPattern> PathPattern::regex(std::string_view text, std::string& why) {
  PathPattern pattern;
  pattern.kind_ = Kind::kRegex;
  pattern.text_ = text;
  pattern.regex_ = Regex::compile(text, why);
  if (!pattern.regex_) return std::nullopt;
  pattern.capture_names_ = pattern.regex_->groupNames();
  pattern.fixed_start_ = pattern.regex_->fixedStart();
  const std::string_view fixed = pattern.fixed_start_;
  if (fixed.starts_with('/')) {
    pattern.segments_ = split(fixed.substr(0, fixed.rfind('/')));  // the last segment may be longer
  }
  if (!isShallow(pattern.segments_, why)) return std::nullopt;
  return pattern;
}

std::size_t PathPattern::prefixBytes() const {
  std::size_t bytes = 0;
  for (const Segment& segment : segments_) bytes += segment.text.size() + 1;
  return bytes;
}

std::string PathPattern::describe() const {
  switch (kind_) {
    case Kind::kExact:
      return "path " + text_;
    case Kind::kTemplate:
      return "template " + text_;
    case Kind::kRegex:
      return "regex " + text_;
    case Kind::kPrefix:
      return "prefix " + text_;
  }
  return "";
}

std::string PathPattern::name() const {
  if (kind_ == Kind::kRegex) return "~" + text_;
  if (kind_ != Kind::kPrefix) return text_;
  return text_.ends_with('/') ? text_ + "*" : text_ + "/*";
}

std::string PathPattern::key() const {
  if (kind_ == Kind::kRegex) return "regex " + text_;
  std::string key = kind_ == Kind::kPrefix ? "prefix " : "whole ";
  for (const Segment& segment : segments_) key += "/" + (segment.captured ? "{}" : segment.text);
  return key;
}

}  // namespace weir::route
