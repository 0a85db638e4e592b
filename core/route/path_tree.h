#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/route/captures.h"
#include "core/route/regex.h"
#include "core/route/text_index.h"

namespace weir::route {

// The paths of all hosts: one tree of segments for each host, all in one table. A path is followed
// from its host's root; what it meets is visited in the order that RouteTable documents.
class PathTree {
 public:
  using Place = std::uint32_t;  // where routes wait: an exact or open end, or a regex
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Node {
    std::uint32_t literals = 0;      // how many literal segments continue here
    std::uint32_t captured = kNone;  // the node behind a captured segment
    Place exact = kNone;             // the path ends here
    Place open = kNone;              // the path may go on
    std::uint32_t regexes = kNone;   // a group of regexes for what follows
  };
  struct RegexPlace {
    const Regex* regex = nullptr;
    std::string fixed_start;
    Place place = kNone;
  };
  struct RegexGroup {
    std::vector<RegexPlace> places;  // in order of precedence
    const Regex* any_of = nullptr;   // matches what some place matches; null: not worth it
  };

  std::uint32_t addRoot();
  std::uint32_t addLiteral(std::uint32_t node, std::string_view segment);
  std::uint32_t addCaptured(std::uint32_t node);
  RegexGroup& regexesOf(std::uint32_t node);
  Node& node(std::uint32_t node) { return nodes_[node]; }
  std::vector<RegexGroup>& regexGroups() { return regex_groups_; }
  std::vector<Node>& nodes() { return nodes_; }
  void shrink();

  // Calls visit(place) for the places of `path`, best first, until it says true. `captures` are
  // those of the place that is visited.
  template <typename Visit>
  bool walk(std::uint32_t root, std::string_view path, Captures& captures, Visit&& visit) const {
    captures.clear();
    return step({path, captures}, root, path, visit);
  }

 private:
  struct Walked {
    std::string_view path;
    Captures& captures;
  };

  // `rest` of the path follows the node: empty, or begins with a slash ("*" is of no segment).
  template <typename Visit>
  bool step(const Walked& walked, std::uint32_t at, std::string_view rest, Visit&& visit) const {
    const Node& node = nodes_[at];
    if (rest.empty()) {
      if (node.exact != kNone && visit(node.exact)) return true;
    } else if ((node.literals != 0 || node.captured != kNone) && rest.front() == '/') {
      if (descend(walked, node, at, rest.substr(1), visit)) return true;
    }
    if (node.regexes != kNone && tryRegexes(walked, node, visit)) return true;
    return node.open != kNone && visit(node.open);
  }

  template <typename Visit>
  bool descend(const Walked& walked, const Node& node, std::uint32_t at, std::string_view rest,
               Visit&& visit) const {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, end);
    rest.remove_prefix(end);
    if (node.literals != 0) {
      const auto next = literals_.find(at, segment);
      if (next && step(walked, *next, rest, visit)) return true;
    }
    if (node.captured == kNone || segment.empty()) return false;
    walked.captures.push(segment);
    if (step(walked, node.captured, rest, visit)) return true;
    walked.captures.pop();
    return false;
  }

  template <typename Visit>
  bool tryRegexes(const Walked& walked, const Node& node, Visit&& visit) const {
    const RegexGroup& group = regex_groups_[node.regexes];
    if (group.any_of != nullptr && !group.any_of->matches(walked.path)) return false;
    for (const RegexPlace& candidate : group.places) {
      if (!walked.path.starts_with(candidate.fixed_start)) continue;
      if (!candidate.regex->matches(walked.path, walked.captures)) continue;
      if (visit(candidate.place)) return true;
    }
    walked.captures.clear();  // nodes with regexes have no captured segment above them
    return false;
  }

  std::vector<Node> nodes_;
  std::vector<RegexGroup> regex_groups_;
  TextIndex literals_;  // (node, segment) -> node
};

}  // namespace weir::route
