#include "core/filter/filter_setting.h"

#include "core/config/document.h"
#include "core/config/variant.h"

namespace weir::config {

using filter::FilterSetting;

bool Codec<FilterSetting>::read(const Entry& entry, FilterSetting& out, const TypeRules& rules) {
  const auto* name = entry.value().as<std::string>();
  if (name == nullptr) {
    return Codec<Selected>::read(entry, out.settings, Rules<Selected>{{}, rules.kinds});
  }
  if (name->empty()) return entry.fail("must not be empty");
  out.name = *name;
  out.origin = {entry.reading().document.location(entry.value().position()), entry.path().text()};
  return true;
}

Type Codec<FilterSetting>::type(const FilterSetting&, const TypeRules&, const Scope&) {
  Type type{.kind = Type::Kind::kAnyOf, .name = "[filter](#filtername), or the name of one"};
  type.of.push_back({.kind = Type::Kind::kText, .name = "string", .min_size = 1});
  type.of.push_back(
      {.kind = Type::Kind::kAnyOf, .ref = "#/properties/filter/additionalProperties"});
  return type;
}

Value Codec<FilterSetting>::show(const FilterSetting& now, const TypeRules& rules,
                                 const Scope& scope) {
  if (!now.name.empty()) return Value(now.name);
  return Codec<Selected>::show(now.settings, Rules<Selected>{{}, rules.kinds}, scope);
}

}  // namespace weir::config
