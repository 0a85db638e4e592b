#include "core/config/table.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/config/document.h"
#include "core/config/suggestion.h"
#include "core/config/variant.h"

namespace weir::config {
namespace {

// Enough for most tables: one allocation saves much of the time that reading a small one takes.
constexpr std::size_t kUsualKeys = 24;

std::string listed(const Table::Keys& keys) {
  std::string text;
  for (const std::string_view key : keys) {
    if (!text.empty()) text += ", ";
    text += key;
  }
  return text;
}

}  // namespace

bool Table::readAt(const Entry& entry, std::string_view short_key, const ReadFunction& read) {
  const std::size_t before = entry.reading().diagnostics.size();
  if (entry.value().kind() == Value::Kind::kTable) {
    Given given{entry, {}, std::vector<bool>(entry.value().as<Value::Table>()->size())};
    given.known.reserve(kUsualKeys);
    given.mistakes_before = before;
    Table table(std::move(given));
    read(table);
    table.finish();
  } else if (!short_key.empty()) {
    Member only{std::string(short_key), entry.value(), entry.value().position(), false};
    const Value wrapped(Value::Table{std::move(only)}, entry.value().position());
    return readAt(Entry(wrapped, entry.path(), entry.reading()), {}, read);
  } else {
    entry.failKind("a table", suggestionFor(entry, read));
  }
  return entry.reading().diagnostics.size() == before;
}

// Suggests the first key that takes a text, preferably a required one.
std::string Table::suggestionFor(const Entry& entry, const ReadFunction& read) {
  const auto* text = entry.value().as<std::string>();
  if (text == nullptr) return {};
  TableType fields;
  const Scope scope{entry.reading().extensions};
  Table table(Described{fields, scope});
  read(table);
  const FieldType* chosen = nullptr;
  for (const FieldType& field : fields.fields) {
    if (field.type.kind != Type::Kind::kText) continue;
    if (chosen == nullptr || (field.required && !chosen->required)) chosen = &field;
  }
  return chosen == nullptr ? std::string() : "{ " + chosen->key + " = " + quotedText(*text) + " }";
}

Type Table::describe(const Scope& scope, std::string_view short_key, const ReadFunction& read) {
  Type type{.kind = Type::Kind::kTable};
  TableType fields;
  Table table(Described{fields, scope});
  read(table);
  const auto plain = std::ranges::find(fields.fields, short_key, &FieldType::key);
  std::optional<Type> short_type;
  if (plain != fields.fields.end()) short_type = plain->type;
  type.table = std::make_shared<const TableType>(std::move(fields));
  if (!short_type) return type;
  Type either{.kind = Type::Kind::kAnyOf};
  either.of.push_back(*std::move(short_type));
  either.of.push_back(std::move(type));
  return either;
}

Value Table::show(const Scope& scope, const ReadFunction& read) {
  Value::Table members;
  Table table(Shown{members, scope});
  read(table);
  return Value(std::move(members));
}

void Table::settle(Role role, const ReadFunction& read) {
  Table table(Settled{role});
  read(table);
}

const VariantSet& Table::kinds(std::string_view family) const {
  if (const auto* given = std::get_if<Given>(&mode_)) {
    return given->entry.reading().extensions.family(family);
  }
  if (const auto* described = std::get_if<Described>(&mode_)) {
    return described->scope.extensions.family(family);
  }
  if (const auto* shown = std::get_if<Shown>(&mode_)) return shown->scope.extensions.family(family);
  static const VariantSet none;
  return none;
}

bool Table::has(std::string_view key) const {
  const auto* given = std::get_if<Given>(&mode_);
  return given != nullptr && given->entry.value().find(key) != nullptr;
}

Location Table::location(std::string_view key) const {
  const auto* given = std::get_if<Given>(&mode_);
  if (given == nullptr) return {};
  const Value* value = given->entry.value().find(key);
  const Position& position = value == nullptr ? given->entry.value().position() : value->position();
  return given->entry.reading().document.location(position);
}

void Table::fail(std::string_view key, std::string_view what, std::string_view suggestion) {
  const auto* given = std::get_if<Given>(&mode_);
  if (given == nullptr) return;
  const Path path{&given->entry.path(), key};
  given->entry.reading().diagnostics.add(
      {location(key), path.text(), std::string(what), std::string(suggestion)});
}

void Table::failElement(std::string_view key, std::size_t index, std::string_view what,
                        std::string_view suggestion) {
  const auto* given = std::get_if<Given>(&mode_);
  if (given == nullptr) return;
  const Value* value = given->entry.value().find(key);
  const auto* array = value == nullptr ? nullptr : value->as<Value::Array>();
  if (array == nullptr || index >= array->size()) return fail(key, what, suggestion);
  const Path path{&given->entry.path(), key};
  Entry(*value, path, given->entry.reading()).element(index).fail(what, suggestion);
}

void Table::warn(std::string_view key, std::string_view what, std::string_view suggestion) {
  const auto* given = std::get_if<Given>(&mode_);
  if (given == nullptr) return;
  given->entry.reading().diagnostics.warn(
      {location(key), path(key), std::string(what), std::string(suggestion)});
}

std::string Table::path(std::string_view key) const {
  const auto* given = std::get_if<Given>(&mode_);
  return given == nullptr ? std::string() : Path{&given->entry.path(), key}.text();
}

bool Table::clean() const {
  const auto* given = std::get_if<Given>(&mode_);
  return given == nullptr || given->entry.reading().diagnostics.size() == given->mistakes_before;
}

void Table::locate(Origin& out, std::string_view key) const {
  if (std::holds_alternative<Given>(mode_)) out = {location(key), path(), clean()};
}

const Member* Table::take(std::string_view key, const Limits& limits) {
  auto& given = std::get<Given>(mode_);
  const auto& members = *given.entry.value().as<Value::Table>();
  given.known.push_back(key);
  const auto member = std::ranges::find(members, key, &Member::key);
  if (member == members.end()) {
    if (limits.required) fail(key, "required, but not given");
    return nullptr;
  }
  given.used[static_cast<std::size_t>(member - members.begin())] = true;
  return &*member;
}

void Table::add(FieldType field) {
  std::get<Described>(mode_).type.fields.push_back(std::move(field));
}

void Table::add(std::string_view key, Value value, bool required) {
  if (!value.given()) return;
  std::get<Shown>(mode_).table.push_back({std::string(key), std::move(value), {}, required});
}

void Table::exclude(const Keys& keys, bool required) {
  if (auto* described = std::get_if<Described>(&mode_)) {
    described->type.exclusives.push_back({{keys.begin(), keys.end()}, required});
  }
  auto* given = std::get_if<Given>(&mode_);
  if (given == nullptr) return;
  given->known.insert(given->known.end(), keys.begin(), keys.end());
  std::string_view first;
  for (const std::string_view key : keys) {
    if (!has(key)) continue;
    if (first.empty()) {
      first = key;
    } else {
      take(key, {});
      fail(key, "cannot be combined with " + std::string(first));
    }
  }
  if (required && first.empty()) fail("", "one of these is required: " + listed(keys));
}

void Table::renamed(std::string_view old_key, std::string_view key) {
  if (auto* given = std::get_if<Given>(&mode_)) given->renamed.emplace_back(old_key, key);
}

std::string_view Table::Given::meantBy(std::string_view key) const {
  const auto old = std::ranges::find(renamed, key, [](const auto& names) { return names.first; });
  if (old != renamed.end()) return old->second;
  const std::string_view close = closestWord(key, known);
  return close == key ? "" : close;  // the same key twice
}

void Table::finish() {
  auto& given = std::get<Given>(mode_);
  const auto& members = *given.entry.value().as<Value::Table>();
  for (std::size_t index = 0; index < members.size(); ++index) {
    if (given.used[index]) continue;
    const Member& member = members[index];
    const Path path{&given.entry.path(), member.key};
    given.entry.reading().diagnostics.add({given.entry.reading().document.location(member.position),
                                           path.text(), "unknown key",
                                           std::string(given.meantBy(member.key))});
  }
}

}  // namespace weir::config
