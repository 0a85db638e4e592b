#include "gateway/transform/json/tree.h"

#include <algorithm>
#include <new>

#include "gateway/transform/json/text.h"

namespace weir::gateway::json {
namespace {

constexpr std::string_view kEnd = "-";  // the place behind the last element
constexpr std::size_t kMostAdded = 8;   // objects on the way to a value

bool appendWithin(std::string& out, std::string_view text, std::size_t most) {
  if (text.size() > most - std::min(most, out.size())) return false;
  out += text;
  return true;
}

}  // namespace

Tree::Tree(const Document& document, Arena& arena, std::size_t steps)
    : document_(document), arena_(arena), steps_(steps) {}

bool Tree::spend() {
  if (steps_ > 0) --steps_;
  return steps_ > 0;
}

Tree::Item* Tree::make(NodeId node) {
  auto* const item = new (arena_.allocate(sizeof(Item), alignof(Item))) Item;
  item->node = node;
  return item;
}

Tree::Item* Tree::makeMember(std::string_view name, const Content& content) {
  Item* const item = make(kNoNode);
  nameIt(*item, name);
  fill(*item, content);
  return item;
}

void Tree::nameIt(Item& item, std::string_view name) {
  std::string quoted;
  appendQuoted(quoted, name);
  item.name = new (arena_.allocate(sizeof(Name), alignof(Name))) Name{name, arena_.copy(quoted)};
}

void Tree::fill(Item& item, const Content& content) {
  item.kind = content.node == kNoNode ? Item::Kind::kText : Item::Kind::kNode;
  item.node = content.node;
  item.first = nullptr;
  if (content.node != kNoNode) return;
  item.text = new (arena_.array<std::string_view>(1)) std::string_view(content.text);
}

bool Tree::isArray(const Item& item) const {
  return item.kind == Item::Kind::kArray ||
         (item.kind == Item::Kind::kNode && document_.node(item.node).kind == Node::Kind::kArray);
}

bool Tree::isObject(const Item& item) const {
  return item.kind == Item::Kind::kObject ||
         (item.kind == Item::Kind::kNode && document_.node(item.node).kind == Node::Kind::kObject);
}

// Divides an object or array of the document into its children. Of members with the same name, the
// last one remains.
void Tree::open(Item& item) {
  if (item.kind != Item::Kind::kNode || !document_.node(item.node).isContainer()) return;
  const NodeId id = item.node;
  const Node& node = document_.node(id);
  const bool object = node.kind == Node::Kind::kObject;
  item.kind = object ? Item::Kind::kObject : Item::Kind::kArray;
  Item** end = &item.first;
  NodeId child = id + 1;
  for (std::uint32_t i = 0; i < node.size && spend(); ++i, child = document_.node(child).next) {
    if (node.duplicates && document_.member(id, document_.keyOf(child)) != child) continue;
    *end = make(child);
    (*end)->member = child;
    end = &(*end)->next;
  }
}

// Whether there is a child for the token. Does not open the item.
bool Tree::has(const Item& item, std::string_view token) const {
  if (item.kind == Item::Kind::kNode) return document_.child(item.node, token) != kNoNode;
  return item.kind == Item::Kind::kObject || item.kind == Item::Kind::kArray;
}

// The link to the child, which is null if there is no such child. An index beyond the end has no
// link.
Tree::Item** Tree::childSlot(Item& item, std::string_view token) {
  open(item);
  Item** at = &item.first;
  if (isObject(item)) {
    while (*at != nullptr && keyOf(**at) != token && spend()) at = &(*at)->next;
    return at;
  }
  if (item.kind != Item::Kind::kArray) return nullptr;
  const auto index = Pointer::indexOf(token);
  if (token != kEnd && !index) return nullptr;
  std::size_t left = token == kEnd ? Pointer::kMaxIndex * 100 : *index;
  for (; left > 0 && *at != nullptr && spend(); --left) at = &(*at)->next;
  return left == 0 || (token == kEnd && *at == nullptr) ? at : nullptr;
}

void Tree::keep(const std::vector<Pointer>& pointers) {
  std::vector<Tokens> ways;
  ways.reserve(pointers.size());
  for (const Pointer& pointer : pointers) ways.emplace_back(pointer.tokens());
  if (Item* const kept = keepIn(0, ways)) {
    root_ = *kept;
  } else {
    fill(root_, {.text = "null"});
  }
  changed_ = true;
}

// The kept part of a value; null if it is not on the way to anything.
Tree::Item* Tree::keepIn(NodeId node, const std::vector<Tokens>& ways) {
  Item* const item = make(node);
  const bool all = std::any_of(ways.begin(), ways.end(), [](Tokens way) { return way.empty(); });
  if (all || !spend()) return item;
  if (!document_.node(node).isContainer()) return nullptr;
  const bool object = document_.node(node).kind == Node::Kind::kObject;
  item->kind = object ? Item::Kind::kObject : Item::Kind::kArray;
  object ? keepMembers(*item, node, ways) : keepElements(*item, node, ways);
  return item;
}

void Tree::keepMembers(Item& item, NodeId node, const std::vector<Tokens>& ways) {
  std::vector<NodeId> found;
  for (const Tokens way : ways) {
    const NodeId member = document_.member(node, way.front());
    if (spend() && member != kNoNode) found.push_back(member);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  Item** end = &item.first;
  for (const NodeId member : found) {
    std::vector<Tokens> further;
    for (const Tokens way : ways) {
      if (way.front() == document_.keyOf(member)) further.push_back(way.subspan(1));
    }
    Item* const kept = keepIn(member, further);
    if (kept == nullptr) continue;
    kept->member = member;
    *end = kept;
    end = &kept->next;
  }
}

void Tree::keepElements(Item& item, NodeId node, const std::vector<Tokens>& ways) {
  Item** end = &item.first;
  NodeId element = node + 1;
  const std::uint32_t size = document_.node(node).size;
  for (std::uint32_t i = 0; i < size && spend(); ++i, element = document_.node(element).next) {
    std::vector<Tokens> further;
    for (const Tokens way : ways) {
      const bool meant = way.front() == Pointer::kEach || Pointer::indexOf(way.front()) == i;
      if (spend() && meant) further.push_back(way.subspan(1));
    }
    Item* const kept = further.empty() ? nullptr : keepIn(element, further);
    if (kept == nullptr) continue;
    kept->member = element;
    *end = kept;
    end = &kept->next;
  }
}

// Calls `act` with the parent and the link of each value at the place, which may unlink it.
template <typename Do>
void Tree::atEach(Item& item, Tokens tokens, bool several, Do act) {
  const std::string& token = tokens.front();
  const bool each = several && token == Pointer::kEach && isArray(item);
  if (!spend() || (!each && !has(item, token))) return;
  Item** at = nullptr;
  if (each) {
    open(item);
    at = &item.first;
  } else {
    at = childSlot(item, token);
  }
  while (at != nullptr && *at != nullptr && spend()) {
    Item* const child = *at;
    if (tokens.size() > 1) {
      atEach(*child, tokens.subspan(1), several, act);
    } else {
      act(item, at);
    }
    if (!each) return;
    if (*at == child) at = &child->next;
  }
}

void Tree::remove(const Pointer& pointer) {
  if (pointer.tokens().empty()) return;
  atEach(root_, pointer.tokens(), pointer.several(), [this](Item&, Item** link) {
    *link = (*link)->next;
    changed_ = true;
  });
}

void Tree::rename(const Pointer& pointer, std::string_view name) {
  if (pointer.tokens().empty()) return;
  atEach(root_, pointer.tokens(), pointer.several(), [&](Item& parent, Item** link) {
    if (isObject(parent)) renameChild(parent, **link, name);
  });
}

void Tree::renameChild(Item& parent, Item& child, std::string_view name) {
  if (keyOf(child) == name) return;
  if (Item** const other = childSlot(parent, name); *other != nullptr) *other = (*other)->next;
  nameIt(child, name);
  changed_ = true;
}

bool Tree::put(const Pointer& pointer, const Content& content, How how) {
  const Tokens tokens = pointer.tokens();
  if (tokens.empty()) {
    if (how == How::kDefault) return true;
    fill(root_, content);
    changed_ = true;
    return true;
  }
  Item* const parent = parentOf(tokens);
  if (parent == nullptr) return false;
  if (isObject(*parent)) return putMember(*parent, tokens.back(), content, how);
  return isArray(*parent) && putElement(*parent, tokens.back(), content, how);
}

// What contains, or will contain, the value of the last token. Null if there is no such place.
Tree::Item* Tree::parentOf(Tokens tokens) {
  Item* at = &root_;
  std::size_t added = 0;
  for (const std::string& token : tokens.first(tokens.size() - 1)) {
    Item** const link = childSlot(*at, token);
    if (link == nullptr) return nullptr;
    if (*link == nullptr) {
      if (!isObject(*at) || ++added > kMostAdded) return nullptr;
      *link = makeMember(token, {});
      (*link)->kind = Item::Kind::kObject;
    }
    at = *link;
  }
  return at;
}

bool Tree::putMember(Item& object, std::string_view name, const Content& content, How how) {
  Item** const link = childSlot(object, name);
  if (*link == nullptr) {
    *link = makeMember(name, content);
  } else if (how == How::kDefault) {
    return true;
  } else {
    fill(**link, content);
  }
  changed_ = true;
  return true;
}

bool Tree::putElement(Item& array, std::string_view token, const Content& content, How how) {
  Item** const link = childSlot(array, token);
  if (link == nullptr) return false;
  const bool exists = *link != nullptr;
  if (exists && how == How::kDefault) return true;
  if (exists && how == How::kSet) {
    fill(**link, content);
  } else {
    Item* const item = make(kNoNode);
    fill(*item, content);
    item->next = *link;
    *link = item;
  }
  changed_ = true;
  return true;
}

bool Tree::writeKey(const Item& item, std::string& out, std::size_t most) const {
  const std::string_view quoted =
      item.name == nullptr ? document_.quotedKeyOf(item.member) : item.name->quoted;
  return appendWithin(out, quoted, most) && appendWithin(out, ":", most);
}

// The last of the original children from `item` on that follow each other in the document.
const Tree::Item& Tree::endOfRun(const Item& item) const {
  const Item* last = &item;
  while (isOriginal(*last) && last->next != nullptr && isOriginal(*last->next) &&
         document_.node(last->member).next == last->next->member) {
    last = last->next;
  }
  return *last;
}

// Writes both, and the text between them.
bool Tree::writeRun(const Item& first, const Item& last, std::string& out, std::size_t most) const {
  const Node& node = document_.node(first.member);
  const std::uint32_t begin = node.key_end > 0 ? node.key_begin : node.begin;
  const std::uint32_t end = document_.node(last.member).end;
  return appendWithin(out, document_.text().substr(begin, end - begin), most);
}

bool Tree::writeItem(const Item& item, std::string& out, std::size_t most) const {
  if (item.kind == Item::Kind::kNode) return appendWithin(out, document_.textOf(item.node), most);
  if (item.kind == Item::Kind::kText) return appendWithin(out, *item.text, most);
  const bool object = item.kind == Item::Kind::kObject;
  return appendWithin(out, object ? "{" : "[", most) && writeChildren(item, out, most) &&
         appendWithin(out, object ? "}" : "]", most);
}

bool Tree::writeChildren(const Item& item, std::string& out, std::size_t most) const {
  for (const Item* child = item.first; child != nullptr; child = child->next) {
    if (child != item.first && !appendWithin(out, ",", most)) return false;
    const Item& last = endOfRun(*child);
    const bool run = &last != child;
    if (run && !writeRun(*child, last, out, most)) return false;
    if (!run && !writeChild(item, *child, out, most)) return false;
    child = &last;
  }
  return true;
}

bool Tree::writeChild(const Item& parent, const Item& child, std::string& out,
                      std::size_t most) const {
  const bool named = parent.kind == Item::Kind::kObject;
  return (!named || writeKey(child, out, most)) && writeItem(child, out, most);
}

}  // namespace weir::gateway::json
