#include "core/config/toml_parser.h"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#include <algorithm>
#include <utility>

#include <toml++/toml.h>

namespace weir::config {
namespace {

// Takes a toml++ tree apart into a Value, so that no more than one copy of it is in memory.
class Converter {
 public:
  explicit Converter(std::uint32_t file) : file_(file) {}

  Value convert(toml::node& node) const {
    const Position position = at(node.source());
    switch (node.type()) {
      case toml::node_type::table:
        return Value(convertTable(*node.as_table()), position);
      case toml::node_type::array:
        return Value(convertArray(*node.as_array()), position);
      case toml::node_type::string:
        return Value(std::move(node.as_string()->get()), position);
      case toml::node_type::integer:
        return Value(node.as_integer()->get(), position);
      case toml::node_type::floating_point:
        return Value(node.as_floating_point()->get(), position);
      case toml::node_type::boolean:
        return Value(node.as_boolean()->get(), position);
      default:
        return Value(Moment(), position);
    }
  }
  Position at(const toml::source_region& region) const {
    return {file_, region.begin.line, region.begin.column};
  }

 private:
  Value::Table convertTable(toml::table& table) const {
    Value::Table members;
    members.reserve(table.size());
    for (auto&& [key, node] : table) {
      members.push_back({std::string(key.str()), convert(node), at(key.source()), false});
    }
    table.clear();
    // toml++ sorts by name; the order of the file is what the user wrote.
    std::ranges::sort(members, {}, [](const Member& member) {
      return std::pair(member.position.line, member.position.column);
    });
    return members;
  }
  Value::Array convertArray(toml::array& array) const {
    Value::Array values;
    values.reserve(array.size());
    for (toml::node& node : array) values.push_back(convert(node));
    array.clear();
    return values;
  }

  const std::uint32_t file_;
};

}  // namespace

ParsedToml parseToml(std::string_view text, std::uint32_t file) {
  const Converter converter(file);
  toml::parse_result result = toml::parse(text);
  if (result.failed()) {
    const toml::parse_error& error = result.error();
    return {Value(Value::Table()),
            SyntaxError{converter.at(error.source()), std::string(error.description())}};
  }
  return {converter.convert(result.table()), std::nullopt};
}

}  // namespace weir::config
