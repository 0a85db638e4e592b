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
  return left.made() && right.made() && left.choice_->equals(*right.choice_);
}

const Kind* VariantSet::find(std::string_view name) const {
  const auto kind = std::ranges::find(kinds_, name, &Kind::name);
  return kind == kinds_.end() ? nullptr : &*kind;
}

const VariantSet& Extensions::family(std::string_view name) const {
  static const VariantSet kNone;
  const auto family = families_.find(name);
  return family == families_.end() ? kNone : family->second;
}

bool Codec<Selected>::read(const Entry& entry, Selected& out, const Rules<Selected>& rules) {
  return Table::readAt(entry, {}, [&](Table& table) {
    Table::Keys names;
    const Kind* chosen = nullptr;
    for (const Kind& kind : rules.kinds->all()) {
      names.push_back(kind.name);
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
    out = Selected(chosen->name, std::move(choice), table.location());
  });
}

Type Codec<Selected>::type(const Selected&, const Rules<Selected>& rules, const Scope& scope) {
  Type type{.kind = Type::Kind::kAnyOf};
  for (const Kind& kind : rules.kinds->all()) {
    type.of.push_back(
        Table::describe(scope, {}, [&kind](Table& table) { kind.make()->read(table, kind); }));
  }
  return type;
}

Value Codec<Selected>::show(const Selected& now, const Rules<Selected>& rules, const Scope& scope) {
  const Kind* kind = rules.kinds->find(now.kind());
  if (kind == nullptr || !now.made()) return {};
  Value shown = Table::show(scope, [&](Table& table) { now.choice()->show(table, *kind); });
  return scope.changes_only ? whole(withoutFresh(std::move(shown), *kind, scope)) : shown;
}

}  // namespace weir::config
