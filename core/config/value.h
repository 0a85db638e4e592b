#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace weir::config {

// The beginning of a value. `file` is an index into the file names of its Document.
struct Position {
  std::uint32_t file = 0;
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend auto operator<=>(const Position&, const Position&) = default;
};

// A date or time. No setting accepts one, so that its contents are not kept.
struct Moment {
  friend bool operator==(const Moment&, const Moment&) = default;
};

struct Member;

// A TOML value: read from a file, to be printed, or a default in the schema.
class Value {
 public:
  enum class Kind { kNone, kBoolean, kInteger, kNumber, kText, kMoment, kArray, kTable };
  using Array = std::vector<Value>;
  using Table = std::vector<Member>;  // in the order of the document
  using Content =
      std::variant<std::monostate, bool, std::int64_t, double, std::string, Moment, Array, Table>;

  Value();
  explicit Value(Content content, Position position = {});
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  Kind kind() const { return static_cast<Kind>(content_.index()); }
  bool given() const { return kind() != Kind::kNone; }
  bool isTable() const { return kind() == Kind::kTable; }
  bool isArrayOfTables() const;  // an empty array is one
  const Position& position() const { return position_; }

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&content_);
  }
  template <typename T>
  T* as() {
    return std::get_if<T>(&content_);
  }
  template <typename Visitor>
  auto visit(Visitor visitor) const {
    return std::visit(visitor, content_);
  }
  const Value* find(std::string_view key) const;  // null unless this is a table with that key

  // Positions are not compared.
  friend bool operator==(const Value& left, const Value& right);

 private:
  Content content_;
  Position position_;
};

struct Member {
  std::string key;
  Value value;
  Position position;      // of the key
  bool required = false;  // printed even if it is the default

  friend bool operator==(const Member& left, const Member& right) {
    return left.key == right.key && left.value == right.value;
  }
};

// Here because Value is complete only once Member is.
inline Value::Value() = default;
inline Value::Value(Content content, Position position)
    : content_(std::move(content)), position_(position) {}
inline Value::Value(const Value&) = default;
inline Value::Value(Value&&) noexcept = default;
inline Value& Value::operator=(const Value&) = default;
inline Value& Value::operator=(Value&&) noexcept = default;
inline Value::~Value() = default;
inline bool operator==(const Value& left, const Value& right) {
  return left.content_ == right.content_;
}

// Equal for equal values.
std::size_t hashOf(const Value& value);

std::string_view nameOf(Value::Kind kind);  // "a string", for messages

// `table` without the members that are equal in `defaults`, in nested tables as well. Required
// members remain.
Value withoutDefaults(Value table, const Value& defaults);

// A table that is printed completely if it differs from the default: all members are required.
Value whole(Value table);

// A table with `short_key` as its only member becomes the value of that key.
Value shortened(Value table, std::string_view short_key);

}  // namespace weir::config
