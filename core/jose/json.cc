#include "core/jose/json.h"

#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

namespace weir::jose {

// Receives the events of nlohmann's parser. That parser keeps its own stack on the heap, so that no
// text can drive a recursion.
class JsonReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  using Text = nlohmann::json::string_t;

  JsonReader(Json& json, const Json::Limits& limits) : json_(json), limits_(limits) {}
  std::string_view mistake() const { return mistake_; }
  std::size_t readBytes() const { return read_bytes_; }  // at a mistake of syntax; 0: another one

  bool null() override { return add(Json::Kind::kNull); }
  bool boolean(bool value) override {
    if (!add(Json::Kind::kBool)) return false;
    json_.nodes_.back().integer = value ? 1 : 0;
    return true;
  }
  bool number_integer(std::int64_t value) override { return addInteger(value); }
  bool number_unsigned(std::uint64_t value) override { return addInteger(value); }
  bool number_float(double value, const Text& text) override {
    if (!add(Json::Kind::kNumber)) return false;
    json_.nodes_.back().number = value;
    keep(text);
    return true;
  }
  bool string(Text& text) override {
    if (!add(Json::Kind::kString)) return false;
    keep(text);
    return true;
  }
  bool binary(nlohmann::json::binary_t&) override { return false; }  // not in a text
  bool start_object(std::size_t) override { return open(Json::Kind::kObject); }
  bool start_array(std::size_t) override { return open(Json::Kind::kArray); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(Text& name) override;
  bool parse_error(std::size_t read_bytes, const std::string&,
                   const nlohmann::detail::exception&) override {
    read_bytes_ = read_bytes;
    return false;
  }

 private:
  bool fail(std::string_view mistake) {
    mistake_ = mistake;
    return false;
  }
  bool add(Json::Kind kind);
  template <typename T>
  bool addInteger(T value);
  void keep(std::string_view text);
  bool open(Json::Kind kind);
  bool close();

  Json& json_;
  const Json::Limits& limits_;
  std::string_view mistake_ = "is not JSON";
  std::size_t read_bytes_ = 0;
  std::vector<std::size_t> parents_;  // indices of the open objects and arrays
  std::uint32_t name_at_ = 0;         // of the value that follows
  std::uint32_t name_size_ = 0;
};

bool JsonReader::add(Json::Kind kind) {
  if (json_.nodes_.size() >= limits_.values) return fail("has too many values");
  if (!parents_.empty()) ++json_.nodes_[parents_.back()].size;
  Json::Node node;
  node.kind = kind;
  node.name_at = name_at_;
  node.name_size = name_size_;
  node.end = static_cast<std::uint32_t>(json_.nodes_.size()) + 1;
  json_.nodes_.push_back(node);
  name_size_ = 0;
  return true;
}

template <typename T>
bool JsonReader::addInteger(T value) {
  if (!add(Json::Kind::kNumber)) return false;
  Json::Node& node = json_.nodes_.back();
  node.number = static_cast<double>(value);
  node.is_integer = std::in_range<std::int64_t>(value);
  if (node.is_integer) node.integer = static_cast<std::int64_t>(value);
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  keep({text, static_cast<std::size_t>(end - text)});
  return true;
}

void JsonReader::keep(std::string_view text) {
  Json::Node& node = json_.nodes_.back();
  node.text_at = static_cast<std::uint32_t>(json_.text_.size());
  node.text_size = static_cast<std::uint32_t>(text.size());
  json_.text_ += text;
}

bool JsonReader::open(Json::Kind kind) {
  if (parents_.size() >= limits_.depth) return fail("is nested too deeply");
  if (!add(kind)) return false;
  parents_.push_back(json_.nodes_.size() - 1);
  return true;
}

bool JsonReader::close() {
  json_.nodes_[parents_.back()].end = static_cast<std::uint32_t>(json_.nodes_.size());
  parents_.pop_back();
  return true;
}

bool JsonReader::key(Text& name) {
  const std::size_t parent = parents_.back();
  if (json_.nodes_[parent].size >= limits_.members) return fail("has too many members");
  for (std::size_t i = parent + 1; i < json_.nodes_.size(); i = json_.nodes_[i].end) {
    const Json::Node& other = json_.nodes_[i];
    const std::string_view known(json_.text_.data() + other.name_at, other.name_size);
    if (known == name) return fail("has a duplicate member");
  }
  name_at_ = static_cast<std::uint32_t>(json_.text_.size());
  name_size_ = static_cast<std::uint32_t>(name.size());
  json_.text_ += name;
  return true;
}

Result<Json> Json::parse(std::string_view text, const Limits& limits, std::size_t* mistake_at) {
  if (text.size() > limits.bytes) {
    return Error{ErrorCode::kTooLarge, Origin::kDownstream, "is too large"};
  }
  Json json;
  JsonReader reader(json, limits);
  // The parser takes a NUL for the end of the text, and skips a byte order mark.
  const bool foreign =
      text.find('\0') != std::string_view::npos || text.starts_with("\xEF\xBB\xBF");
  if (foreign || !nlohmann::json::sax_parse(text, &reader)) {
    if (mistake_at != nullptr && reader.readBytes() > 0) *mistake_at = reader.readBytes() - 1;
    return Error{ErrorCode::kInvalid, Origin::kDownstream, reader.mistake()};
  }
  return json;
}

Json::Value Json::root() const { return {*this, 0}; }

std::string_view Json::Value::name() const {
  const std::string_view text = json_->text_;
  return text.substr(node().name_at, node().name_size);
}

std::string_view Json::Value::text() const {
  const std::string_view text = json_->text_;
  return text.substr(node().text_at, node().text_size);
}

Json::Value Json::Value::find(std::string_view name) const {
  if (!isObject()) return {};
  for (const Value each : items()) {
    if (each.name() == name) return each;
  }
  return {};
}

namespace {

// A reference token of a JSON Pointer without its escapes.
std::string unescapedToken(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escaped = token[i] == '~' && i + 1 < token.size();
    if (escaped) ++i;
    text += !escaped ? token[i] : token[i] == '1' ? '/' : '~';
  }
  return text;
}

}  // namespace

Json::Value Json::Value::at(std::string_view name_or_pointer) const {
  if (!name_or_pointer.starts_with('/')) return find(name_or_pointer);
  Value value = *this;
  std::string_view rest = name_or_pointer;
  while (value && !rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view token = rest.substr(0, rest.find('/'));
    rest.remove_prefix(token.size());
    const bool plain = token.find('~') == std::string_view::npos;
    value = plain ? value.find(token) : value.find(unescapedToken(token));
  }
  return value;
}

Json::Items Json::Value::items() const { return isObject() || isArray() ? Items(*this) : Items(); }

Json::Items::Items(Value parent)
    : first_(*parent.json_, parent.index_ + 1), end_(*parent.json_, parent.node().end) {}

namespace {

void appendQuoted(std::string_view text, std::string& to) {
  constexpr std::string_view kHex = "0123456789abcdef";
  to += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else if (byte < 0x20) {
      to += "\\u00";
      to += kHex[byte >> 4U];
      to += kHex[byte & 0xFU];
    } else {
      to += c;
    }
  }
  to += '"';
}

}  // namespace

// The depth of recursion is that of the parsed text, which is limited.
void appendJson(Json::Value value, std::string& to) {
  switch (value.kind()) {
    case Json::Kind::kNull:
      to += "null";
      return;
    case Json::Kind::kBool:
      to += value.isTrue() ? "true" : "false";
      return;
    case Json::Kind::kNumber:
      to += value.text();
      return;
    case Json::Kind::kString:
      appendQuoted(value.text(), to);
      return;
    case Json::Kind::kArray:
    case Json::Kind::kObject:
      break;
  }
  const bool object = value.isObject();
  char before = object ? '{' : '[';
  if (value.size() == 0) to += before;
  for (const Json::Value each : value.items()) {
    to += before;
    before = ',';
    if (object) {
      appendQuoted(each.name(), to);
      to += ':';
    }
    appendJson(each, to);
  }
  to += object ? '}' : ']';
}

}  // namespace weir::jose
