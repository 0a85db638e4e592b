// The part of json::Document that reads a text with simdjson. Its "on demand" interface finds the
// tokens of a text, and leaves their meaning to the caller: numbers keep their text.

#include <algorithm>
#include <simdjson.h>

#include "gateway/transform/json/document.h"
#include "gateway/transform/json/text.h"

namespace weir::gateway::json {

namespace ondemand = simdjson::ondemand;

struct Document::Parser {
  ondemand::parser parser;
};

namespace {

constexpr std::size_t kKeptText = std::size_t{256} * 1024;
constexpr std::size_t kKeptNodes = 16 * 1024;
constexpr std::size_t kBytesPerNode = 12;  // of a usual text
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view withoutTrailingSpace(std::string_view text) {
  while (!text.empty() && isSpace(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

// Reads one text. The recursion is as deep as the nesting, which is limited.
class Reader {
 public:
  Reader(Document& document, const ParseLimits& limits, Arena& arena)
      : document_(document), text_(document.text()), limits_(limits), arena_(arena) {}

  Mistake read(ondemand::parser& parser) {
    if (text_.starts_with(kByteOrderMark)) return Mistake::kMalformed;
    if (parser.iterate(text_.data(), text_.size(), document_.room_).get(root_) !=
        simdjson::SUCCESS) {
      return Mistake::kMalformed;
    }
    const Mistake mistake = readRoot();
    if (mistake != Mistake::kNone) return mistake;
    const bool complete = document_.nodes_[0].end == withoutTrailingSpace(text_).size();
    return complete ? Mistake::kNone : Mistake::kMalformed;
  }

 private:
  Mistake readRoot() {
    ondemand::json_type type{};
    if (root_.type().get(type) != simdjson::SUCCESS) return Mistake::kMalformed;
    const NodeId id = append();
    if (type == ondemand::json_type::object || type == ondemand::json_type::array) {
      return readContainer(root_, type, id, 1);
    }
    std::string_view token;
    if (root_.raw_json_token().get(token) != simdjson::SUCCESS) return Mistake::kMalformed;
    return readScalar(id, token);
  }

  Mistake readValue(ondemand::value& value, NodeId id, std::uint32_t depth) {
    if (document_.nodes_.size() > limits_.nodes) return Mistake::kTooManyNodes;
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return Mistake::kMalformed;
    if (type == ondemand::json_type::object || type == ondemand::json_type::array) {
      if (depth >= limits_.depth) return Mistake::kTooDeep;
      return readContainer(value, type, id, depth + 1);
    }
    return readScalar(id, value.raw_json_token());
  }

  // `source`: the root or a value.
  template <typename Source>
  Mistake readContainer(Source& source, ondemand::json_type type, NodeId id, std::uint32_t depth) {
    const char* bracket = nullptr;
    if (root_.current_location().get(bracket) != simdjson::SUCCESS) return Mistake::kMalformed;
    document_.nodes_[id].begin = static_cast<std::uint32_t>(bracket - text_.data());
    if (type == ondemand::json_type::object) {
      ondemand::object object;
      if (source.get_object().get(object) != simdjson::SUCCESS) return Mistake::kMalformed;
      return readMembers(object, id, depth);
    }
    ondemand::array array;
    if (source.get_array().get(array) != simdjson::SUCCESS) return Mistake::kMalformed;
    return readElements(array, id, depth);
  }

  Mistake readMembers(ondemand::object& object, NodeId id, std::uint32_t depth) {
    std::uint32_t size = 0;
    for (auto each : object) {
      if (each.error() != simdjson::SUCCESS) return Mistake::kMalformed;
      ondemand::field field = each.value_unsafe();
      const NodeId member = append();
      if (!readKey(member, field.key().raw())) return Mistake::kMalformed;
      const Mistake mistake = readValue(field.value(), member, depth);
      if (mistake != Mistake::kNone) return mistake;
      ++size;
    }
    finish(id, Node::Kind::kObject, size);
    return document_.indexMembers(id, limits_.duplicates);
  }

  Mistake readElements(ondemand::array& array, NodeId id, std::uint32_t depth) {
    std::uint32_t size = 0;
    for (auto each : array) {
      if (each.error() != simdjson::SUCCESS) return Mistake::kMalformed;
      ondemand::value value = each.value_unsafe();
      const Mistake mistake = readValue(value, append(), depth);
      if (mistake != Mistake::kNone) return mistake;
      ++size;
    }
    finish(id, Node::Kind::kArray, size);
    return Mistake::kNone;
  }

  // `inner`: behind the quotation mark.
  bool readKey(NodeId id, const char* inner) {
    const auto begin = static_cast<std::size_t>(inner - text_.data());
    const auto [end, escaped] = endOfString(text_, begin);
    if (end == text_.size()) return false;
    Node& node = document_.nodes_[id];
    node.key_begin = static_cast<std::uint32_t>(begin - 1);
    node.key_end = static_cast<std::uint32_t>(end + 1);
    if (!escaped) return true;
    const std::string_view key = text_.substr(begin, end - begin);
    if (!isWellEscaped(key)) return false;
    document_.decoded_keys_.push_back(unescaped(key, arena_));
    node.decoded_key = static_cast<std::uint32_t>(document_.decoded_keys_.size());
    return true;
  }

  // `token`: the text up to the next token.
  Mistake readScalar(NodeId id, std::string_view token) {
    token = withoutTrailingSpace(token);
    Node& node = document_.nodes_[id];
    node.begin = static_cast<std::uint32_t>(token.data() - text_.data());
    node.end = static_cast<std::uint32_t>(node.begin + token.size());
    node.next = id + 1;
    if (token.starts_with('"')) {
      node.kind = Node::Kind::kString;
      const auto [end, escaped] = endOfString(token, 1);
      node.escaped = escaped;
      const bool valid =
          end + 1 == token.size() && (!escaped || isWellEscaped(token.substr(1, end - 1)));
      return valid ? Mistake::kNone : Mistake::kMalformed;
    }
    if (token == "null") return Mistake::kNone;
    node.kind = Node::Kind::kNumber;
    if (token == "true") node.kind = Node::Kind::kTrue;
    if (token == "false") node.kind = Node::Kind::kFalse;
    const bool valid = node.kind != Node::Kind::kNumber || isNumber(token);
    return valid ? Mistake::kNone : Mistake::kMalformed;
  }

  NodeId append() {
    document_.nodes_.emplace_back();
    return static_cast<NodeId>(document_.nodes_.size() - 1);
  }

  // Behind the closing bracket there is only space before the next token.
  void finish(NodeId id, Node::Kind kind, std::uint32_t size) {
    const char* at = nullptr;
    std::size_t end = text_.size();
    if (root_.current_location().get(at) == simdjson::SUCCESS) {
      end = static_cast<std::size_t>(at - text_.data());
    }
    Node& node = document_.nodes_[id];
    node.kind = kind;
    node.end = static_cast<std::uint32_t>(withoutTrailingSpace(text_.substr(0, end)).size());
    node.size = size;
    node.next = static_cast<NodeId>(document_.nodes_.size());
  }

  Document& document_;
  const std::string_view text_;
  const ParseLimits& limits_;
  Arena& arena_;
  ondemand::document root_;
};

Document::Document() : parser_(std::make_unique<Parser>()) {}
Document::~Document() = default;

char* Document::prepare(std::size_t bytes) {
  if (room_ < bytes + simdjson::SIMDJSON_PADDING) {
    room_ = bytes + simdjson::SIMDJSON_PADDING;
    text_ = std::unique_ptr<char[]>(new char[room_]);
  }
  size_ = bytes;
  return text_.get();
}

Mistake Document::parse(const ParseLimits& limits, Arena& arena) {
  nodes_.clear();
  nodes_.reserve(std::min<std::size_t>(size_ / kBytesPerNode, limits.nodes) + 1);
  decoded_keys_.clear();
  tables_.assign(1, 0);  // a table's number is not 0
  has_duplicates_ = false;
  std::fill_n(text_.get() + size_, simdjson::SIMDJSON_PADDING, ' ');
  return Reader(*this, limits, arena).read(parser_->parser);
}

void Document::release() {
  nodes_.clear();
  decoded_keys_.clear();
  if (room_ > kKeptText) {
    text_.reset();
    room_ = 0;
    parser_ = std::make_unique<Parser>();
  }
  size_ = 0;
  if (nodes_.capacity() > kKeptNodes) {
    nodes_ = {};
    decoded_keys_ = {};
    tables_ = {};
  }
}

bool isUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace weir::gateway::json
