#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/config/value.h"

namespace weir::config {

struct TableType;

// The values that a field accepts, for the schema and the reference.
struct Type {
  enum class Kind { kBoolean, kInteger, kNumber, kText, kArray, kMap, kTable, kAnyOf };

  Kind kind = Kind::kText;
  std::string name = {};           // for readers: "duration"
  std::string range = {};          // for readers: "1s to 5m"
  std::optional<double> min = {};  // of a number
  std::optional<double> max = {};
  std::string pattern = {};                  // of a text: an anchored regular expression
  std::vector<std::string> words = {};       // of a text: the only values
  std::optional<std::size_t> min_size = {};  // of a text, an array or a map
  std::optional<std::size_t> max_size = {};
  std::vector<Type> of = {};                    // elements (one) or alternatives (any number)
  std::shared_ptr<const TableType> table = {};  // of kTable
  // The place in the schema of the same type, which then takes the place of its structure there.
  std::string ref = {};
};

struct FieldType {
  std::string key;
  std::string meaning;
  Type type;
  Value default_value;  // none: no value unless given
  bool required = false;
  std::vector<Value> by_role = {};  // the default of each Role, if it depends on the role
};

// Keys of which at most one, or exactly one, may be given.
struct Exclusive {
  std::vector<std::string> keys;
  bool required = false;
};

struct TableType {
  std::vector<FieldType> fields;
  std::vector<Exclusive> exclusives;
};

}  // namespace weir::config
