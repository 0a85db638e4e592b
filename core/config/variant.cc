#include "core/config/variant.h"

#include <algorithm>

namespace weir::config {
namespace {

// The printed settings of a chosen kind, without those that have their defaults.
Value withoutFresh(Value shown, const Kind& kind, const Scope& scope) {
  const std::unique_ptr<Choice> fresh = kind.make();
  const Value usual = Table::show(scope, [&](Table& table) { fresh->show(table, kind); });
  for (Member& member : *shown.as<Value::Table>()) {
    const Value* value = usual.find(member.key);
    if (value != nullptr) member.value = whole(withoutDefaults(std::move(member.value), *value));
  }
  return shown;
}

}  // namespace

bool operator==(const Selected& left, const Selected& right) {
  if (left.kind_ != right.kind_) return false;
  if (left.choice_ == right.choice_) return true;
  return left.made() ? left.choice_->equals(right.choice()) : right.choice_->equals(nullptr);
}

const Kind* VariantSet::find(std::string_view name) const {
  const auto kind = std::ranges::find(kinds_, name, &Kind::name);
  return kind == kinds_.end() ? nullptr : &*kind;
}

std::vector<std::string_view> VariantSet::names() const {
  std::vector<std::string_view> names;
  for (const Kind& kind : kinds_) names.push_back(kind.name);
  return names;
}

const VariantSet& Extensions::family(std::string_view name) const {
  static const VariantSet kNone;
  const auto family = families_.find(name);
  return family == families_.end() ? kNone : family->second;
}

// A name is read like { NAME = {} }, which reports settings that are required.
bool Codec<Selected>::read(const Entry& entry, Selected& out, const Rules<Selected>& rules) {
  if (const auto* name = entry.value().as<std::string>(); name && rules.kinds->namesAllowed()) {
    if (!readWord(entry, rules.kinds->names())) return false;
    const Position& position = entry.value().position();
    const Value table(Value::Table{{*name, Value(Value::Table{}, position), position}}, position);
    return read(Entry(table, entry.path(), entry.reading()), out, rules);
  }
  return Table::readAt(entry, {}, [&](Table& table) {
    const Table::Keys names = rules.kinds->names();
    const Kind* chosen = nullptr;
    for (const Kind& kind : rules.kinds->all()) {
      if (chosen == nullptr && table.has(kind.name)) chosen = &kind;
    }
    if (entry.value().as<Value::Table>()->empty()) {
      table.exactlyOneOf(names);
    } else {
      table.atMostOneOf(names);
    }
    if (chosen == nullptr) return;
    std::unique_ptr<Choice> choice = chosen->make();
    choice->read(table, *chosen);
    out = Selected(chosen->name, std::move(choice), table.location(), hashOf(entry.value()));
  });
}

Type Codec<Selected>::type(const Selected&, const Rules<Selected>& rules, const Scope& scope) {
  Type type{.kind = Type::Kind::kAnyOf};
  if (rules.kinds->namesAllowed()) {
    type.of.push_back(wordType(rules.kinds->names()));
    type.range = type.of.front().range;
  }
  for (const Kind& kind : rules.kinds->all()) {
    type.of.push_back(
        Table::describe(scope, {}, [&kind](Table& table) { kind.make()->read(table, kind); }));
  }
  return type;
}

Value Codec<Selected>::show(const Selected& now, const Rules<Selected>& rules, const Scope& scope) {
  const Kind* kind = rules.kinds->find(now.kind());
  if (kind == nullptr) return {};
  if (rules.kinds->namesAllowed() && (!now.made() || now.choice()->equals(nullptr))) {
    return Value(kind->name);
  }
  if (!now.made()) return {};
  Value shown = Table::show(scope, [&](Table& table) { now.choice()->show(table, *kind); });
  return scope.changes_only ? whole(withoutFresh(std::move(shown), *kind, scope)) : shown;
}

}  // namespace weir::config
