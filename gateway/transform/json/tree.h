#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/arena.h"
#include "gateway/transform/json/document.h"
#include "gateway/transform/json/pointer.h"

namespace weir::gateway::json {

// What a change puts in a place: a value of the document, or a text in JSON.
struct Content {
  NodeId node = kNoNode;
  std::string_view text = {};
};

// A document with changes. Only the objects and arrays on the way to a change are divided into
// their parts; all other values keep the text that they have in the document.
//
// The work of all changes is counted: each child that is looked at is a step. Pointers, names and
// texts outlive the tree, which keeps views of them.
class Tree {
 public:
  enum class How : std::uint8_t {
    kSet,      // replaces the value, or adds it
    kAdd,      // as kSet, but inserts before an element of an array
    kDefault,  // only if there is none
  };

  Tree(const Document& document, Arena& arena, std::size_t steps);
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // Removes everything but the values at these places, and what contains them. First of all
  // changes.
  void keep(const std::vector<Pointer>& pointers);
  void remove(const Pointer& pointer);
  // Gives members another name; a member that has it is removed.
  void rename(const Pointer& pointer, std::string_view name);
  // False if there is no such place: its parent is neither an object nor an array, or the element
  // before it is missing. Missing objects on the way are added.
  bool put(const Pointer& pointer, const Content& content, How how);

  bool changed() const { return changed_; }
  bool exhausted() const { return steps_ == 0; }  // the result is then of no use
  // Appends the text. False if that would exceed `most` bytes.
  bool write(std::string& out, std::size_t most) const { return writeItem(root_, out, most); }

 private:
  struct Name {
    std::string_view key;
    std::string_view quoted;  // as it is written
  };
  struct Item {
    enum class Kind : std::uint8_t { kNode, kText, kObject, kArray };

    Kind kind = Kind::kNode;
    NodeId node = 0;                         // of kNode
    NodeId member = 0;                       // whose place and name in the document it has
    const Name* name = nullptr;              // if it has another one
    const std::string_view* text = nullptr;  // of kText
    Item* next = nullptr;
    Item* first = nullptr;  // the children of kObject and kArray
  };
  using Tokens = std::span<const std::string>;

  bool spend();
  Item* make(NodeId node);
  Item* makeMember(std::string_view name, const Content& content);
  void fill(Item& item, const Content& content);
  void nameIt(Item& item, std::string_view name);
  std::string_view keyOf(const Item& item) const {
    return item.name == nullptr ? document_.keyOf(item.member) : item.name->key;
  }
  // A child in its place, with its name and value.
  static bool isOriginal(const Item& item) {
    return item.kind == Item::Kind::kNode && item.node == item.member && item.name == nullptr;
  }
  const Item& endOfRun(const Item& item) const;
  bool writeRun(const Item& first, const Item& last, std::string& out, std::size_t most) const;
  bool writeKey(const Item& item, std::string& out, std::size_t most) const;
  void open(Item& item);
  bool has(const Item& item, std::string_view token) const;
  bool isArray(const Item& item) const;
  bool isObject(const Item& item) const;
  Item** childSlot(Item& item, std::string_view token);
  Item* keepIn(NodeId node, const std::vector<Tokens>& ways);
  void keepMembers(Item& item, NodeId node, const std::vector<Tokens>& ways);
  void keepElements(Item& item, NodeId node, const std::vector<Tokens>& ways);
  template <typename Do>
  void atEach(Item& item, Tokens tokens, bool several, Do act);
  void renameChild(Item& parent, Item& child, std::string_view name);
  Item* parentOf(Tokens tokens);
  bool putMember(Item& object, std::string_view name, const Content& content, How how);
  bool putElement(Item& array, std::string_view token, const Content& content, How how);
  bool writeItem(const Item& item, std::string& out, std::size_t most) const;
  bool writeChildren(const Item& item, std::string& out, std::size_t most) const;
  bool writeChild(const Item& parent, const Item& child, std::string& out, std::size_t most) const;

  const Document& document_;
  Arena& arena_;
  std::size_t steps_;
  Item root_;
  bool changed_ = false;
};

}  // namespace weir::gateway::json
