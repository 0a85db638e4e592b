#include "gateway/transform/json/body_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <new>

#include "core/expr/map_literal.h"
#include "core/http/facts.h"
#include "gateway/transform/json/text.h"

namespace weir::gateway::json {
namespace {

constexpr std::size_t kKeptValues = 16 * 1024;

const std::vector<expr::Variable>& variables() {
  static const std::vector<expr::Variable> kAll = [] {
    const expr::Schema request = http::RequestVariables::schema();
    std::vector<expr::Variable> all(request.begin(), request.end());
    all.push_back({"body", expr::Kind::kDyn, "The body as it was received."});
    return all;
  }();
  return kAll;
}

std::size_t bodyIndex() { return variables().size() - 1; }

// A number that no double holds is infinite or zero.
double doubleOf(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc()) return number;
  const std::size_t exponent = text.find_first_of("eE");
  const bool tiny =
      exponent != std::string_view::npos && exponent + 1 < text.size() && text[exponent + 1] == '-';
  const double magnitude = tiny ? 0 : std::numeric_limits<double>::infinity();
  return text.starts_with('-') ? -magnitude : magnitude;
}

}  // namespace

expr::Schema BodyVariables::schema() { return variables(); }

class BodyValues::Object final : public expr::Map {
 public:
  Object(BodyValues& owner, NodeId id) : owner_(owner), id_(id) {}
  expr::Value find(std::string_view key, std::uint32_t, Arena&) const override {
    const NodeId member = owner_.document_->member(id_, key);
    return member == kNoNode ? expr::Value::missing() : owner_.valueOf(member);
  }
  std::size_t size() const override { return owner_.document_->node(id_).size; }
  std::size_t searchedBytes() const override { return 64; }  // a few names
  NodeId id() const { return id_; }

 private:
  BodyValues& owner_;
  const NodeId id_;
};

void BodyValues::begin(const Document& document, Arena& arena) {
  document_ = &document;
  arena_ = &arena;
  values_.clear();
}

void BodyValues::release() {
  values_.clear();
  if (values_.capacity() > kKeptValues) values_ = {};
}

expr::Value BodyValues::valueOf(NodeId id) {
  if (values_.empty()) values_.resize(document_->nodes(), expr::Value::missing());
  if (values_[id].isFault()) values_[id] = make(id);
  return values_[id];
}

// The depth of recursion is that of the document, which is limited.
expr::Value BodyValues::make(NodeId id) {
  switch (document_->node(id).kind) {
    case Node::Kind::kTrue:
    case Node::Kind::kFalse:
      return expr::Value::boolean(document_->node(id).kind == Node::Kind::kTrue);
    case Node::Kind::kNumber:
      return makeNumber(id);
    case Node::Kind::kString:
      return expr::Value::string(document_->stringOf(id, *arena_));
    case Node::Kind::kArray:
      return makeArray(id);
    case Node::Kind::kObject:
      return expr::Value::map(*new (arena_->allocate(sizeof(Object), alignof(Object)))
                                  Object(*this, id));
    case Node::Kind::kNull:
      break;
  }
  return expr::Value::null();
}

expr::Value BodyValues::makeArray(NodeId id) {
  const std::uint32_t size = document_->node(id).size;
  if (size == 0) return expr::Value::list({});
  auto* const items = arena_->array<expr::Value>(size);
  NodeId element = id + 1;
  for (std::uint32_t i = 0; i < size; ++i, element = document_->node(element).next) {
    items[i] = valueOf(element);
  }
  return expr::Value::list({items, size});
}

// Written without a fraction and an exponent, and with at most 64 bits, it is an integer.
expr::Value BodyValues::makeNumber(NodeId id) const {
  const std::string_view text = document_->textOf(id);
  std::int64_t integer = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
  if (error == std::errc() && end == text.data() + text.size()) {
    return expr::Value::jsonInteger(integer, id + 1);
  }
  return expr::Value::jsonNumber(doubleOf(text), id + 1);
}

NodeId BodyValues::nodeOf(const expr::Value& value) const {
  if (value.kind() == expr::Kind::kMap) {
    const auto* const object = dynamic_cast<const Object*>(&value.map());
    return object == nullptr ? kNoNode : object->id();
  }
  const std::uint32_t tag = value.jsonTag();
  return tag == 0 || tag == expr::Value::kComputed ? kNoNode : tag - 1;
}

expr::Value BodyFacts::read(std::size_t index, Arena& arena) const {
  return index == bodyIndex() ? values_.valueOf(0) : exchange_.read(index, arena);
}

namespace {

// One value, into a text of limited size. The recursion is as deep as the lists of an expression
// and the document together, which are limited.
class ValueWriter {
 public:
  ValueWriter(std::string& out, const BodyValues& values, std::size_t most)
      : out_(out), values_(values), most_(most) {}

  bool write(const expr::Value& value) {
    if (const NodeId node = values_.nodeOf(value); node != kNoNode) {
      return append(values_.document().textOf(node));
    }
    switch (value.kind()) {
      case expr::Kind::kNull:
        return append("null");
      case expr::Kind::kBool:
        return append(value.isTrue() ? "true" : "false");
      case expr::Kind::kInt:
        return appendNumber(value.integer());
      case expr::Kind::kDouble:
        return std::isfinite(value.number()) ? appendNumber(value.number()) : refuse();
      case expr::Kind::kString:
        return writeString(value.text());
      case expr::Kind::kList:
        return writeList(value.items());
      case expr::Kind::kMap:
        return writeMap(value.map());
      case expr::Kind::kFault:
        why_ = value.fault();
        return false;
      default:
        return refuse();
    }
  }
  expr::Fault why() const { return why_; }

 private:
  bool refuse() {
    why_ = expr::Fault::kType;
    return false;
  }
  bool exceed() {
    why_ = expr::Fault::kLimit;
    return false;
  }
  bool append(std::string_view text) {
    if (text.size() > most_ - std::min(most_, out_.size())) return exceed();
    out_ += text;
    return true;
  }
  template <typename T>
  bool appendNumber(T number) {
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
    return append({text.data(), static_cast<std::size_t>(end - text.data())});
  }
  bool writeString(std::string_view text) {
    if (!isUtf8(text)) return refuse();
    if (text.size() > most_ - std::min(most_, out_.size())) return exceed();
    appendQuoted(out_, text);  // at most six times as long
    return out_.size() <= most_ || exceed();
  }
  bool writeList(std::span<const expr::Value> items) {
    if (!append("[")) return false;
    bool first = true;
    for (const expr::Value& item : items) {
      if ((!first && !append(",")) || !write(item)) return false;
      first = false;
    }
    return append("]");
  }
  bool writeMap(const expr::Map& map) {
    const auto* const literal = dynamic_cast<const expr::MapLiteral*>(&map);
    if (literal == nullptr) return refuse();  // a variable such as request.headers
    const auto parts = literal->parts();
    if (!append("{")) return false;
    for (std::size_t i = 0; i < parts.size(); i += 2) {
      if (i > 0 && !append(",")) return false;
      if (!writeString(parts[i].text()) || !append(":") || !write(parts[i + 1])) return false;
    }
    return append("}");
  }

  std::string& out_;
  const BodyValues& values_;
  const std::size_t most_;
  expr::Fault why_ = expr::Fault::kType;
};

}  // namespace

std::optional<expr::Fault> appendValue(std::string& out, const expr::Value& value,
                                       const BodyValues& values, std::size_t most) {
  ValueWriter writer(out, values, most);
  return writer.write(value) ? std::nullopt : std::optional(writer.why());
}

}  // namespace weir::gateway::json
