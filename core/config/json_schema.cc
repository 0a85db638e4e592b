#include "core/config/json_schema.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/config/json_writer.h"
#include "core/config/role.h"
#include "core/config/toml_writer.h"

namespace weir::config {
namespace {

// The defaults of all roles, because a schema has only one.
std::string defaultsText(const std::vector<Value>& by_role) {
  std::string text;
  for (std::size_t role = 0; role < by_role.size(); ++role) {
    text += (text.empty() ? " Default: " : ", ") + inlineToml(by_role[role]) + " in a ";
    text += nameOf(static_cast<Role>(role));
  }
  return text.empty() ? text : text + ".";
}

class SchemaWriter {
 public:
  std::string write(const Type& root, std::string_view title) {
    json_.beginObject();
    json_.key("$schema");
    json_.text("http://json-schema.org/draft-07/schema#");
    json_.key("title");
    json_.text(title);
    writeType(root);
    json_.endObject();
    return json_.result() + "\n";
  }

 private:
  void writeObject(const Type& type) {
    json_.beginObject();
    writeType(type);
    json_.endObject();
  }

  void writeType(const Type& type) {
    if (!type.ref.empty()) return word("$ref", type.ref);
    switch (type.kind) {
      case Type::Kind::kBoolean:
        return word("type", "boolean");
      case Type::Kind::kInteger:
        word("type", "integer");
        return writeBounds(type);
      case Type::Kind::kNumber:
        word("type", "number");
        return writeBounds(type);
      case Type::Kind::kText:
        return writeText(type);
      case Type::Kind::kArray:
        word("type", "array");
        writeSizes(type, "minItems", "maxItems");
        json_.key("items");
        return writeObject(type.of.front());
      case Type::Kind::kMap:
        word("type", "object");
        writeSizes(type, "minProperties", "maxProperties");
        json_.key("additionalProperties");
        return writeObject(type.of.front());
      case Type::Kind::kTable:
        return writeTable(*type.table);
      case Type::Kind::kAnyOf:
        return writeAlternatives(type.of);
    }
  }

  void writeText(const Type& type) {
    word("type", "string");
    if (!type.pattern.empty()) word("pattern", type.pattern);
    if (!type.words.empty()) writeWords("enum", type.words);
    writeSizes(type, "minLength", "maxLength");
  }

  void writeTable(const TableType& table) {
    word("type", "object");
    json_.key("additionalProperties");
    json_.boolean(false);
    json_.key("properties");
    json_.beginObject();
    std::vector<std::string> required;
    for (const FieldType& field : table.fields) {
      if (field.required) required.push_back(field.key);
      writeField(field);
    }
    json_.endObject();
    if (!required.empty()) writeWords("required", required);
    writeExclusives(table.exclusives);
  }

  void writeField(const FieldType& field) {
    json_.key(field.key);
    json_.beginObject();
    word("description", field.meaning + defaultsText(field.by_role));
    const bool has_default = !field.required && field.default_value.given() &&
                             field.default_value.kind() != Value::Kind::kTable;
    if (has_default) {
      json_.key("default");
      json_.value(field.default_value);
    }
    writeType(field.type);
    json_.endObject();
  }

  void writeAlternatives(const std::vector<Type>& types) {
    json_.key("anyOf");
    json_.beginArray();
    for (const Type& type : types) writeObject(type);
    json_.endArray();
  }

  // At most one of the keys, or exactly one where that is required.
  void writeExclusives(const std::vector<Exclusive>& exclusives) {
    if (exclusives.empty()) return;
    json_.key("allOf");
    json_.beginArray();
    for (const Exclusive& exclusive : exclusives) {
      json_.beginObject();
      json_.key("oneOf");
      json_.beginArray();
      for (const std::string& key : exclusive.keys) writeRequired({key});
      if (!exclusive.required) writeNone(exclusive.keys);
      json_.endArray();
      json_.endObject();
    }
    json_.endArray();
  }

  void writeRequired(const std::vector<std::string>& keys) {
    json_.beginObject();
    writeWords("required", keys);
    json_.endObject();
  }

  void writeNone(const std::vector<std::string>& keys) {
    json_.beginObject();
    json_.key("not");
    json_.beginObject();
    json_.key("anyOf");
    json_.beginArray();
    for (const std::string& key : keys) writeRequired({key});
    json_.endArray();
    json_.endObject();
    json_.endObject();
  }

  void writeBounds(const Type& type) {
    if (type.min) bound("minimum", *type.min);
    if (type.max) bound("maximum", *type.max);
  }

  void writeSizes(const Type& type, std::string_view min, std::string_view max) {
    if (type.min_size) bound(min, static_cast<double>(*type.min_size));
    if (type.max_size) bound(max, static_cast<double>(*type.max_size));
  }

  void writeWords(std::string_view key, const std::vector<std::string>& words) {
    json_.key(key);
    json_.beginArray();
    for (const std::string& each : words) json_.text(each);
    json_.endArray();
  }

  void word(std::string_view key, std::string_view text) {
    json_.key(key);
    json_.text(text);
  }

  void bound(std::string_view key, double value) {
    constexpr double kExact = 1e15;
    json_.key(key);
    if (std::abs(value) < kExact && std::trunc(value) == value) {
      json_.integer(static_cast<std::int64_t>(value));
    } else {
      json_.number(value);
    }
  }

  JsonWriter json_;
};

}  // namespace

std::string jsonSchema(const Type& root, std::string_view title) {
  return SchemaWriter().write(root, title);
}

}  // namespace weir::config
