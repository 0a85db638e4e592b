#include "gateway/transform/json/document.h"

#include <algorithm>
#include <array>

#include "gateway/transform/json/pointer.h"
#include "gateway/transform/json/text.h"

namespace weir::gateway::json {
namespace {

constexpr std::uint32_t kFewMembers = 8;  // that are compared one by one

}  // namespace

std::string_view textOf(Mistake mistake) {
  switch (mistake) {
    case Mistake::kNone:
      return "";
    case Mistake::kMalformed:
      return "the body is not valid JSON";
    case Mistake::kDuplicate:
      return "an object in the body has two members with the same name";
    case Mistake::kTooDeep:
      return "the body is nested too deeply";
    case Mistake::kTooManyNodes:
      return "the body has too many values";
  }
  return "";
}

std::string_view Document::stringOf(NodeId id, Arena& arena) const {
  const std::string_view quoted = textOf(id);
  const std::string_view inner = quoted.substr(1, quoted.size() - 2);
  return nodes_[id].escaped ? unescaped(inner, arena) : inner;
}

Mistake Document::noteDuplicate(NodeId object, bool allowed) {
  if (!allowed) return Mistake::kDuplicate;
  nodes_[object].duplicates = true;
  has_duplicates_ = true;
  return Mistake::kNone;
}

// After the last member: finds names that repeat, and prepares member().
Mistake Document::indexMembers(NodeId object, bool duplicates) {
  if (nodes_[object].size <= kFewMembers) return compareMembers(object, duplicates);
  std::uint32_t slots = 4 * kFewMembers;
  while (slots < 2 * nodes_[object].size) slots *= 2;
  const auto table = static_cast<std::uint32_t>(tables_.size());
  nodes_[object].table = table;
  tables_.resize(table + 1 + slots, 0);
  tables_[table] = slots;
  NodeId member = object + 1;
  for (std::uint32_t i = 0; i < nodes_[object].size; ++i, member = nodes_[member].next) {
    std::uint32_t& entry = tables_[slotOf(table, keyOf(member))];
    const bool twice = entry != 0;
    entry = member + 1;
    if (twice && noteDuplicate(object, duplicates) != Mistake::kNone) return Mistake::kDuplicate;
  }
  return Mistake::kNone;
}

// The slot of a name in a table, or the free one in which it would be.
std::size_t Document::slotOf(std::uint32_t table, std::string_view name) const {
  const std::uint32_t last = tables_[table] - 1;
  std::uint32_t slot = static_cast<std::uint32_t>(hash_(name)) & last;
  while (true) {
    const std::size_t at = std::size_t{table} + 1 + slot;
    if (tables_[at] == 0 || isNamed(tables_[at] - 1, name)) return at;
    slot = (slot + 1) & last;
  }
}

Mistake Document::compareMembers(NodeId object, bool duplicates) {
  const std::uint32_t size = nodes_[object].size;
  std::array<std::string_view, kFewMembers> keys;
  NodeId member = object + 1;
  for (std::uint32_t i = 0; i < size; ++i, member = nodes_[member].next) {
    keys.at(i) = keyOf(member);
    const auto* const earlier = std::find(keys.begin(), keys.begin() + i, keys.at(i));
    if (earlier != keys.begin() + i && noteDuplicate(object, duplicates) != Mistake::kNone) {
      return Mistake::kDuplicate;
    }
  }
  return Mistake::kNone;
}

NodeId Document::member(NodeId object, std::string_view name) const {
  const Node& node = nodes_[object];
  if (node.kind != Node::Kind::kObject) return kNoNode;
  if (node.size > kFewMembers) {
    const std::uint32_t entry = tables_[slotOf(node.table, name)];
    return entry == 0 ? kNoNode : entry - 1;
  }
  NodeId found = kNoNode;
  NodeId at = object + 1;
  for (std::uint32_t i = 0; i < node.size; ++i, at = nodes_[at].next) {
    if (isNamed(at, name)) found = at;
  }
  return found;
}

NodeId Document::element(NodeId array, std::size_t index) const {
  const Node& node = nodes_[array];
  if (node.kind != Node::Kind::kArray || index >= node.size) return kNoNode;
  NodeId at = array + 1;
  for (; index > 0; --index) at = nodes_[at].next;
  return at;
}

NodeId Document::child(NodeId parent, std::string_view token) const {
  if (nodes_[parent].kind == Node::Kind::kObject) return member(parent, token);
  const auto index = Pointer::indexOf(token);
  return index ? element(parent, *index) : kNoNode;
}

NodeId Document::find(const Pointer& pointer) const {
  NodeId at = 0;
  for (const std::string& token : pointer.tokens()) {
    at = child(at, token);
    if (at == kNoNode) return kNoNode;
  }
  return at;
}

}  // namespace weir::gateway::json
