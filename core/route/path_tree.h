#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/regex/captures.h"
#include "core/regex/regex.h"
#include "core/route/short_text.h"
#include "core/route/text_index.h"

namespace weir::route {

// The paths of all hosts: one tree of segments per host, all in one table. A lookup follows a path
// from its host's root and visits the matching places in the order that RouteTable documents.
class PathTree {
 public:
  using Place = std::uint32_t;  // holds routes: an exact or open end, or a regex
  static constexpr std::uint32_t kNone = TextIndex::kNone;

  struct Node {
    std::uint32_t parent = kNone;    // the node before the last segment
    std::uint32_t literals = 0;      // number of literal children
    std::uint32_t captured = kNone;  // the child for a captured segment
    Place exact = kNone;             // if the path ends here
    Place open = kNone;              // if the path may continue
    std::uint32_t regexes = kNone;   // a group of regexes for the rest
  };
  struct RegexPlace {
    const Regex* regex = nullptr;
    std::string fixed_start;
    Place place = kNone;
  };
  struct RegexGroup {
    std::vector<RegexPlace> places;  // in order of precedence
    const Regex* any_of = nullptr;   // matches if any place matches; null: not worthwhile
  };

  std::uint32_t addRoot() { return addNode(kNone); }
  std::uint32_t addLiteral(std::uint32_t node, std::string_view segment);
  std::uint32_t addCaptured(std::uint32_t node);
  RegexGroup& regexesOf(std::uint32_t node);
  Node& node(std::uint32_t node) { return nodes_[node]; }
  std::vector<RegexGroup>& regexGroups() { return regex_groups_; }
  std::vector<Node>& nodes() { return nodes_; }
  void shrink();

  // Calls visit(place) for the places of `path`, best first, until it returns true. `captures` are
  // those of the visited place.
  template <typename Visit>
  bool walk(std::uint32_t root, std::string_view path, Captures& captures, Visit&& visit) const {
    return walkFrom({path, captures}, {root, 0}, visit);
  }

 private:
  struct Walked {
    std::string_view path;
    Captures& captures;
  };
  // A reached node, and the length of the path that leads to it. The rest is empty or begins with a
  // slash ("*" has no segment).
  struct Step {
    std::uint32_t node = 0;
    std::uint32_t used = 0;
  };

  // Descends along literal segments as far as possible, then goes back and tries the other options
  // of each node.
  template <typename Visit>
  bool walkFrom(const Walked& walked, Step start, Visit&& visit) const {
    Step at = start;
    while (takeLiteral(walked.path, at)) {
    }
    while (!visitNode(walked, at, visit)) {
      if (at.node == start.node) return false;
      at = {nodes_[at.node].parent,
            static_cast<std::uint32_t>(walked.path.rfind('/', at.used - 1))};
    }
    return true;
  }

  bool takeLiteral(std::string_view path, Step& at) const {
    if (nodes_[at.node].literals == 0 || at.used == path.size() || path[at.used] != '/') {
      return false;
    }
    const std::size_t start = at.used + 1;
    const std::size_t end = findByte(path, '/', start);
    const std::uint32_t next = literals_.find(at.node, {path.data() + start, end - start});
    if (next == kNone) return false;
    at = {next, static_cast<std::uint32_t>(end)};
    return true;
  }

  template <typename Visit>
  bool visitNode(const Walked& walked, Step at, Visit&& visit) const {
    const Node& node = nodes_[at.node];
    if (at.used == walked.path.size()) {
      if (node.exact != kNone && visit(node.exact)) return true;
    } else if (node.captured != kNone && walkCaptured(walked, at, visit)) {
      return true;
    }
    if (node.regexes != kNone && visitRegexes(walked, node, visit)) return true;
    return node.open != kNone && visit(node.open);
  }

  template <typename Visit>
  bool walkCaptured(const Walked& walked, Step at, Visit&& visit) const {
    const std::string_view path = walked.path;
    const std::size_t end = findByte(path, '/', at.used + 1);
    const std::string_view segment = path.substr(at.used + 1, end - at.used - 1);
    if (segment.empty() || path[at.used] != '/') return false;
    walked.captures.push(segment);
    const Step next{nodes_[at.node].captured, static_cast<std::uint32_t>(end)};
    if (walkFrom(walked, next, visit)) return true;
    walked.captures.pop();
    return false;
  }

  template <typename Visit>
  bool visitRegexes(const Walked& walked, const Node& node, Visit&& visit) const {
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

  std::uint32_t addNode(std::uint32_t parent);

  std::vector<Node> nodes_;
  std::vector<RegexGroup> regex_groups_;
  TextIndex literals_;  // (node, segment) -> node
};

}  // namespace weir::route
