#include "core/route/shadow.h"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace weir::route {
namespace {

constexpr std::size_t kMostOfOnePath = 256;  // routes that are compared with each other

void append(const std::optional<std::string>& text, std::string& to) {
  to += text ? "=" + *text : std::string("-");
  to += '\0';
}

std::string textOf(const std::vector<std::pair<std::string, TextMatchSettings>>& matches) {
  std::vector<std::string> parts;
  for (const auto& [name, match] : matches) {
    std::string part = name + '\0';
    for (const auto* text :
         {&match.exact, &match.prefix, &match.suffix, &match.contains, &match.regex}) {
      append(*text, part);
    }
    parts.push_back(part + (match.present ? '1' : '0') + (match.absent ? '1' : '0'));
  }
  std::sort(parts.begin(), parts.end());
  std::string whole;
  for (const std::string& part : parts) whole += part + '\n';
  return whole;
}

// Equal for routes that differ only in hosts, methods and listeners and whose precedence is the
// order of the file.
std::string keyOf(const RouteSettings& route) {
  const MatchSettings& match = route.match;
  std::string key;
  for (const auto* path :
       {&match.path, &match.path_prefix, &match.path_template, &match.path_regex}) {
    append(*path, key);
  }
  key += textOf(match.headers) + '\0' + textOf(match.query) + '\0';
  std::vector<std::string> sources;
  for (const IpRange& range : match.source) sources.push_back(range.toString());
  std::sort(sources.begin(), sources.end());
  for (const std::string& source : sources) key += source + ',';
  return key + (match.methods.empty() ? '0' : '1') + (match.listeners.empty() ? '0' : '1');
}

template <typename List, typename Same>
bool holdsAll(const List& more, const List& fewer, Same same) {
  return std::ranges::all_of(fewer, [&](const auto& wanted) {
    return std::ranges::any_of(more, [&](const auto& each) { return same(each, wanted); });
  });
}

bool takesAllOf(const RouteSettings& first, const RouteSettings& second) {
  const auto equal = [](const auto& left, const auto& right) { return left == right; };
  const auto same_name = [](const PlacedText& left, const PlacedText& right) {
    return left.text == right.text;
  };
  return holdsAll(first.hosts, second.hosts, equal) &&
         holdsAll(first.match.methods, second.match.methods, equal) &&
         holdsAll(first.match.listeners, second.match.listeners, same_name);
}

// Exactly the same requests are an error, which is reported elsewhere.
bool isTheSame(const RouteSettings& first, const RouteSettings& second) {
  return takesAllOf(second, first);
}

}  // namespace

void warnOfShadowed(const std::vector<RouteSettings>& settings, config::Diagnostics& diagnostics) {
  std::unordered_map<std::string, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    if (!settings[i].clean) continue;
    auto& group = groups[keyOf(settings[i])];
    if (group.size() >= kMostOfOnePath) continue;
    for (const std::size_t before : group) {
      if (!takesAllOf(settings[before], settings[i])) continue;
      if (isTheSame(settings[before], settings[i])) continue;
      diagnostics.warn({settings[i].location,
                        "route[" + std::to_string(i) + "].match",
                        "never matches: the route at " + settings[before].location.text() +
                            " matches the same requests and more",
                        {}});
      break;
    }
    group.push_back(i);
  }
}

}  // namespace weir::route
