#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace weir::jose {

// A parsed JSON text. Strict, because the same text must mean the same to every recipient: names
// within an object are unique, the text is UTF-8 without a byte order mark, nothing follows it.
class Json {
 public:
  enum class Kind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };
  struct Limits {
    std::size_t bytes = 0;
    unsigned depth = 8;          // of objects and arrays
    std::size_t members = 64;    // of one object
    std::size_t values = 10000;  // all together
  };
  class Value;
  class Items;

  // Static details: "is not JSON", "has a duplicate member" and so on. `mistake_at` is set to the
  // byte at which a text stops being JSON.
  static Result<Json> parse(std::string_view text, const Limits& limits,
                            std::size_t* mistake_at = nullptr);

  Value root() const;

 private:
  friend class JsonReader;

  struct Node {
    Kind kind = Kind::kNull;
    bool is_integer = false;
    std::uint32_t name_at = 0;  // in text_
    std::uint32_t name_size = 0;
    std::uint32_t text_at = 0;
    std::uint32_t text_size = 0;
    std::uint32_t end = 0;   // the index after its last descendant
    std::uint32_t size = 0;  // of an object or array
    double number = 0;
    std::int64_t integer = 0;  // and of a bool: 0 or 1
  };

  std::vector<Node> nodes_;  // in the order of the text
  std::string text_;         // names, strings and numbers
};

// A view of one value, or of none. Valid until its Json is moved or destroyed.
class Json::Value {
 public:
  Value() = default;

  explicit operator bool() const { return json_ != nullptr; }
  bool is(Kind kind) const { return json_ != nullptr && node().kind == kind; }
  bool isString() const { return is(Kind::kString); }
  bool isNumber() const { return is(Kind::kNumber); }
  bool isObject() const { return is(Kind::kObject); }
  bool isArray() const { return is(Kind::kArray); }
  bool isTrue() const { return is(Kind::kBool) && node().integer != 0; }

  // The following only of an existing value.
  Kind kind() const { return node().kind; }
  std::string_view name() const;  // within its object
  std::string_view text() const;  // of a string, decoded, or of a number, as written
  double number() const { return node().number; }
  bool isInteger() const { return node().is_integer; }  // a number within 64 bits
  std::int64_t integer() const { return node().integer; }
  std::size_t size() const { return node().size; }
  std::size_t index() const { return index_; }  // among all values, in the order of the text

  // The member of an object; no value if there is none or this is not an object.
  Value find(std::string_view name) const;
  // As find(); a name that begins with "/" is a JSON Pointer (RFC 6901) through objects.
  Value at(std::string_view name_or_pointer) const;
  // Of an object or array; of anything else there are none.
  Items items() const;

 private:
  friend class Json;
  friend class Items;
  Value(const Json& json, std::size_t index) : json_(&json), index_(index) {}
  const Node& node() const { return json_->nodes_[index_]; }

  const Json* json_ = nullptr;
  std::size_t index_ = 0;
};

class Json::Items {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Value;
    using difference_type = std::ptrdiff_t;
    using pointer = const Value*;
    using reference = Value;

    explicit Iterator(Value value) : value_(value) {}
    Value operator*() const { return value_; }
    Iterator& operator++() {
      value_.index_ = value_.node().end;
      return *this;
    }
    bool operator==(const Iterator& other) const { return value_.index_ == other.value_.index_; }

   private:
    Value value_;
  };

  Items() = default;
  explicit Items(Value parent);
  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(end_); }

 private:
  Value first_;
  Value end_;
};

// Appends the value as compact JSON.
void appendJson(Json::Value value, std::string& to);

}  // namespace weir::jose
