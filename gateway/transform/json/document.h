#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/arena.h"
#include "core/base/keyed_hash.h"

namespace weir::gateway::json {

class Pointer;

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = std::numeric_limits<NodeId>::max();

// A value of a document: where its text is, and where its siblings are. The first child of a node
// is the one behind it.
struct Node {
  enum class Kind : std::uint8_t { kNull, kTrue, kFalse, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool escaped = false;     // a string with escapes
  bool duplicates = false;  // an object in which names repeat
  std::uint32_t begin = 0;  // of the text
  std::uint32_t end = 0;
  std::uint32_t key_begin = 0;  // of the name of a member, with its quotation marks
  std::uint32_t key_end = 0;
  std::uint32_t decoded_key = 0;  // number of the name among those with escapes, plus one
  std::uint32_t size = 0;         // number of children
  NodeId next = 0;                // the node behind the subtree
  std::uint32_t table = 0;        // of an object with many members: see Document::tables_

  bool isContainer() const { return kind == Kind::kArray || kind == Kind::kObject; }
};

enum class Mistake : std::uint8_t { kNone, kMalformed, kDuplicate, kTooDeep, kTooManyNodes };
std::string_view textOf(Mistake mistake);

struct ParseLimits {
  std::uint32_t depth = 64;
  std::uint32_t nodes = 100'000;
  bool duplicates = true;  // names may repeat in an object: the last one counts
};

// A text in JSON (RFC 8259) and the positions of its values. The text itself is never changed, so
// that values can be copied as they were written: a number has no other form that is certain to
// mean the same to everybody.
class Document {
 public:
  Document();
  ~Document();
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  // Memory for a text of so many bytes, to be filled and then parsed.
  char* prepare(std::size_t bytes);
  // Of the prepared text. `arena` lives as long as the document is used.
  Mistake parse(const ParseLimits& limits, Arena& arena);
  // Ends the use of the text; gives back the memory that only large texts need.
  void release();

  std::string_view text() const { return {text_.get(), size_}; }
  const Node& node(NodeId id) const { return nodes_[id]; }
  std::size_t nodes() const { return nodes_.size(); }
  bool hasDuplicates() const { return has_duplicates_; }
  std::string_view textOf(NodeId id) const {
    return text().substr(nodes_[id].begin, nodes_[id].end - nodes_[id].begin);
  }
  std::string_view stringOf(NodeId id, Arena& arena) const;  // decoded
  // The name of a member; as it is written, with its quotation marks.
  std::string_view keyOf(NodeId id) const {
    const Node& node = nodes_[id];
    if (node.decoded_key > 0) return decoded_keys_[node.decoded_key - 1];
    return text().substr(node.key_begin + 1, node.key_end - node.key_begin - 2);
  }
  std::string_view quotedKeyOf(NodeId id) const {
    return text().substr(nodes_[id].key_begin, nodes_[id].key_end - nodes_[id].key_begin);
  }

  // The member of an object, the last one if the name repeats; kNoNode if there is none.
  NodeId member(NodeId object, std::string_view name) const;
  // The element of an array; kNoNode if there is none.
  NodeId element(NodeId array, std::size_t index) const;
  // The member or element for a token of a pointer.
  NodeId child(NodeId parent, std::string_view token) const;
  NodeId find(const Pointer& pointer) const;

 private:
  friend class Reader;
  struct Parser;  // of the library

  bool isNamed(NodeId member, std::string_view name) const {
    const Node& node = nodes_[member];
    if (node.decoded_key > 0) return decoded_keys_[node.decoded_key - 1] == name;
    return node.key_end - node.key_begin - 2 == name.size() &&
           std::equal(name.begin(), name.end(), text_.get() + node.key_begin + 1);
  }
  Mistake indexMembers(NodeId object, bool duplicates);
  std::size_t slotOf(std::uint32_t table, std::string_view name) const;
  Mistake compareMembers(NodeId object, bool duplicates);
  Mistake noteDuplicate(NodeId object, bool allowed);

  const KeyedHash hash_;
  std::unique_ptr<Parser> parser_;
  std::unique_ptr<char[]> text_;
  std::size_t room_ = 0;  // of text_
  std::size_t size_ = 0;
  std::vector<Node> nodes_;
  std::vector<std::string_view> decoded_keys_;
  // Hash tables of objects with many members: the number of slots, a power of two, and the slots,
  // each a member's id plus one.
  std::vector<std::uint32_t> tables_;
  bool has_duplicates_ = false;
};

}  // namespace weir::gateway::json
