#include "core/route/route_table_builder.h"

#include <algorithm>
#include <utility>

namespace weir::route {
namespace {

// From this number on, a combined regex of the group is tested first.
constexpr std::size_t kManyRegexes = 4;

}  // namespace

RouteTableBuilder::RouteTableBuilder(std::size_t routes) {
  table_.routes_.reserve(routes);
  table_.shapes_.reserve(routes);
  predicates_.reserve(routes);
  kept_.reserve(routes);
  seen_.reserve(routes);
}

std::optional<std::uint32_t> RouteTableBuilder::add(Route route, Match match) {
  const auto index = static_cast<RouteIndex>(table_.routes_.size());
  route.index = index;
  table_.routes_.push_back(std::move(route));
  table_.shapes_.push_back({match.hosts, match.path.describe()});
  predicates_.push_back(std::move(match.predicates));

  const Regex* regex = nullptr;
  if (match.path.kind() == PathPattern::Kind::kRegex) {
    table_.regexes_.push_back(std::make_unique<const Regex>(match.path.takeRegex()));
    regex = table_.regexes_.back().get();
  }
  std::optional<RouteIndex> same;
  const std::string key = " " + match.path.key() + " " + predicates_.back().key();
  for (const HostPattern& host : match.hosts) {
    const auto [known, is_new] = seen_.emplace(host.toString() + key, index);
    if (!is_new && known->second != index) same = known->second;
    if (is_new) place(rootOf(host), match.path, regex, index);
  }
  return same;
}

std::uint32_t RouteTableBuilder::rootOf(const HostPattern& host) {
  const auto next = static_cast<std::uint32_t>(table_.tree_.nodes().size());
  const std::uint32_t root = table_.hosts_.add(host, next);
  return root == next ? table_.tree_.addRoot() : root;
}

void RouteTableBuilder::place(std::uint32_t root, const PathPattern& path, const Regex* regex,
                              RouteIndex route) {
  PathTree& tree = table_.tree_;
  std::uint32_t node = root;
  for (const PathPattern::Segment& segment : path.segments()) {
    node = segment.captured ? tree.addCaptured(node) : tree.addLiteral(node, segment.text);
  }
  if (regex != nullptr) {
    auto& places = tree.regexesOf(node).places;
    places.push_back({regex, path.fixedStart(), PathTree::kNone});
    wait(places.back().place, route);
  } else if (path.kind() == PathPattern::Kind::kPrefix) {
    wait(tree.node(node).open, route);
  } else {
    wait(tree.node(node).exact, route);
  }
}

void RouteTableBuilder::wait(PathTree::Place& place, RouteIndex route) {
  if (place == PathTree::kNone) {
    place = static_cast<PathTree::Place>(waiting_.size());
    waiting_.emplace_back();
  }
  waiting_[place].push_back(route);
}

bool RouteTableBuilder::comesFirst(RouteIndex left, RouteIndex right) const {
  const int order = comparePredicates(predicates_[left], predicates_[right]);
  return order != 0 ? order < 0 : left < right;
}

void RouteTableBuilder::moveToTable(PathTree::Place& place) {
  if (place == PathTree::kNone) return;
  std::vector<RouteIndex>& routes = waiting_[place];
  std::sort(routes.begin(), routes.end(),
            [this](RouteIndex left, RouteIndex right) { return comesFirst(left, right); });
  place = static_cast<PathTree::Place>(table_.rules_.size());
  for (const RouteIndex route : routes) {
    RouteTable::Rule& rule = table_.rules_.emplace_back();
    rule.route = route;
    rule.predicates = kept_[route] & RouteTable::kNoPredicates;
  }
  table_.rules_.back().last = 1;
}

void RouteTableBuilder::finishRegexes(PathTree::RegexGroup& group) {
  std::sort(group.places.begin(), group.places.end(), [this](const auto& left, const auto& right) {
    if (left.fixed_start.size() != right.fixed_start.size()) {
      return left.fixed_start.size() > right.fixed_start.size();
    }
    return comesFirst(waiting_[left.place].front(), waiting_[right.place].front());
  });
  for (PathTree::RegexPlace& one : group.places) moveToTable(one.place);
  group.any_of = anyOf(group);
}

const Regex* RouteTableBuilder::anyOf(const PathTree::RegexGroup& group) {
  if (group.places.size() < kManyRegexes) return nullptr;
  std::vector<std::string> patterns;
  std::string key;
  for (const PathTree::RegexPlace& one : group.places) {
    patterns.push_back(one.regex->pattern());
    key += patterns.back() + "\n";
  }
  const auto [known, is_new] = any_of_.emplace(key, nullptr);
  if (!is_new) return known->second;
  auto regex = Regex::anyOf(patterns);
  if (!regex) return nullptr;  // too large: the regexes are tried one by one
  table_.regexes_.push_back(std::make_unique<const Regex>(*std::move(regex)));
  known->second = table_.regexes_.back().get();
  return known->second;
}

void RouteTableBuilder::numberPredicates() {
  std::uint32_t next = 0;
  for (const Predicates& predicates : predicates_) {
    kept_.push_back(predicates.empty() ? RouteTable::kNoPredicates : next++);
  }
}

void RouteTableBuilder::movePredicates() {
  for (Predicates& predicates : predicates_) {
    if (!predicates.empty()) table_.predicates_.push_back(std::move(predicates));
  }
}

RouteTable RouteTableBuilder::build() && {
  numberPredicates();
  for (PathTree::Node& node : table_.tree_.nodes()) {
    moveToTable(node.exact);
    moveToTable(node.open);
  }
  for (PathTree::RegexGroup& group : table_.tree_.regexGroups()) finishRegexes(group);
  movePredicates();
  table_.rules_.shrink_to_fit();
  table_.hosts_.shrink();
  table_.tree_.shrink();
  return std::move(table_);
}

}  // namespace weir::route
