#include "core/route/path_tree.h"

namespace weir::route {

std::uint32_t PathTree::addNode(std::uint32_t parent) {
  nodes_.emplace_back().parent = parent;
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

std::uint32_t PathTree::addLiteral(std::uint32_t node, std::string_view segment) {
  const std::uint32_t known = literals_.find(node, segment);
  if (known != TextIndex::kNone) return known;
  const std::uint32_t next = addNode(node);
  literals_.add(node, segment, next);
  ++nodes_[node].literals;
  return next;
}

std::uint32_t PathTree::addCaptured(std::uint32_t node) {
  if (nodes_[node].captured == kNone) {
    const std::uint32_t next = addNode(node);
    nodes_[node].captured = next;
  }
  return nodes_[node].captured;
}

PathTree::RegexGroup& PathTree::regexesOf(std::uint32_t node) {
  if (nodes_[node].regexes == kNone) {
    nodes_[node].regexes = static_cast<std::uint32_t>(regex_groups_.size());
    regex_groups_.emplace_back();
  }
  return regex_groups_[nodes_[node].regexes];
}

void PathTree::shrink() {
  nodes_.shrink_to_fit();
  literals_.shrink();
}

}  // namespace weir::route
