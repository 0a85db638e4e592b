#include "core/config/field_reference.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/lower_case.h"
#include "core/config/role.h"
#include "core/config/toml_writer.h"

namespace weir::config {
namespace {

using Kind = Type::Kind;

// A table of the document with its header in the file.
struct Section {
  std::string header;                    // "[route.match]"
  std::vector<const TableType*> tables;  // more than one: alternatives
};

bool isTable(const Type& type) { return type.kind == Kind::kTable; }
bool hasNoFields(const TableType* table) { return table->fields.empty(); }

// A type with a name is documented by that name, without its structure.
bool isOpaque(const Type& type) { return !type.name.empty(); }

std::string nested(const std::string& parent, std::string_view key) {
  return parent.empty() ? tomlKey(key) : parent + "." + tomlKey(key);
}

// Finds all sections below a table, in the order in which the keys were declared.
class SectionSearch {
 public:
  std::vector<Section> of(const Type& root) {
    found_.push_back({{}, {root.table.get()}});
    addFields(*root.table, "");
    return std::move(found_);
  }

 private:
  void addFields(const TableType& table, const std::string& path) {
    for (const FieldType& field : table.fields) {
      const std::string inner = nested(path, field.key);
      add(field.type, inner, "[" + inner + "]");
    }
  }

  void add(const Type& type, const std::string& path, const std::string& header) {
    if (isOpaque(type)) return;
    switch (type.kind) {
      case Kind::kArray:
        return add(type.of.front(), path, "[[" + path + "]]");
      case Kind::kMap:
        return add(type.of.front(), path + ".NAME", "[" + path + ".NAME]");
      case Kind::kTable:
        return addTables({type.table.get()}, path, header);
      case Kind::kAnyOf:
        return addAlternatives(type, path, header);
      default:
        return;
    }
  }

  void addAlternatives(const Type& type, const std::string& path, const std::string& header) {
    std::vector<const TableType*> tables;
    for (const Type& each : type.of) {
      if (isTable(each)) {
        tables.push_back(each.table.get());
      } else {
        add(each, path, header);
      }
    }
    if (!tables.empty()) addTables(tables, path, header);
  }

  void addTables(const std::vector<const TableType*>& tables, const std::string& path,
                 const std::string& header) {
    if (std::ranges::all_of(tables, hasNoFields)) return;
    found_.push_back({header, tables});
    for (const TableType* table : tables) addFields(*table, path);
  }

  std::vector<Section> found_;
};

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

std::string code(std::string_view text) { return "`" + escaped(text) + "`"; }

// The anchor that renderers of Markdown give to a heading.
std::string anchorOf(std::string_view header) {
  std::string anchor;
  for (const char c : lowerCase(header)) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (kept) anchor += c;
  }
  return anchor;
}

std::string typeText(const Type& type, const std::string& path);

std::string alternativesText(const Type& type, const std::string& path) {
  std::vector<std::string> texts;
  for (const Type& each : type.of) {
    std::string text = typeText(each, path);
    if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
  }
  std::string result;
  for (const std::string& text : texts) result += (result.empty() ? "" : " or ") + text;
  return result;
}

std::string typeText(const Type& type, const std::string& path) {
  if (isOpaque(type)) return type.name;
  switch (type.kind) {
    case Kind::kArray:
      return "array of " + typeText(type.of.front(), path);
    case Kind::kMap:
      return "table of " + typeText(type.of.front(), path + ".NAME");
    case Kind::kTable:
      return hasNoFields(type.table.get()) ? "`{}`" : "[table](#" + anchorOf(path) + ")";
    case Kind::kAnyOf:
      return alternativesText(type, path);
    default:
      return {};
  }
}

std::string defaultsByRole(const std::vector<Value>& by_role) {
  std::string text;
  for (const Role role : {Role::kGateway, Role::kSidecar}) {
    if (!text.empty()) text += ", ";
    text += code(inlineToml(by_role[static_cast<std::size_t>(role)])) + " in a ";
    text += nameOf(role);
  }
  return text;
}

std::string defaultText(const FieldType& field, bool alternative) {
  if (alternative) return "";
  if (field.required) return "required";
  if (!field.by_role.empty()) return defaultsByRole(field.by_role);
  const Value& value = field.default_value;
  if (!value.given() || value.kind() == Value::Kind::kTable) return "";
  return code(inlineToml(value));
}

std::string row(const FieldType& field, const std::string& path, bool alternative) {
  return "| " + code(field.key) + " | " + escaped(typeText(field.type, nested(path, field.key))) +
         " | " + defaultText(field, alternative) + " | " + escaped(field.type.range) + " | " +
         escaped(field.meaning) + " |\n";
}

std::string exclusiveText(const Exclusive& exclusive) {
  std::string text = exclusive.required ? "Exactly one of " : "At most one of ";
  for (const std::string& key : exclusive.keys) {
    if (&key != &exclusive.keys.front()) text += ", ";
    text += code(key);
  }
  return text + ".\n\n";
}

std::string sectionText(const Section& section) {
  std::string path = section.header;
  std::erase_if(path, [](char c) { return c == '[' || c == ']'; });
  std::string text =
      section.header.empty() ? "## Top level\n\n" : "## `" + section.header + "`\n\n";
  const bool alternatives = section.tables.size() > 1;
  if (alternatives) text += "Exactly one of these keys.\n\n";
  for (const TableType* table : section.tables) {
    for (const Exclusive& exclusive : table->exclusives) text += exclusiveText(exclusive);
  }
  text += "| key | type | default | range | meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const TableType* table : section.tables) {
    for (const FieldType& field : table->fields) text += row(field, path, alternatives);
  }
  return text;
}

}  // namespace

std::string fieldReference(const Type& root) {
  std::string text;
  for (const Section& section : SectionSearch().of(root)) {
    if (!text.empty()) text += "\n";
    text += sectionText(section);
  }
  return text;
}

}  // namespace weir::config
