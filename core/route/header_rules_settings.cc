#include "core/route/header_rules_settings.h"

#include "core/config/table.h"
#include "core/route/settings.h"

namespace weir::route {

void HeaderRulesSettings::read(config::Table& table, HeaderRulesSettings& out) {
  table.read("remove", out.remove, "Names of headers to remove, before others are set or added.");
  table.read("set", out.set,
             "Headers to set, replacing existing ones of the same name; may contain variables.");
  table.read("add", out.add,
             "Headers to add, beside existing ones of the same name; may contain variables.");
}

// Records and clears `why_` if it is not empty.
void HeaderRulesCompiler::complain(const config::Location& location, std::string_view key,
                                   std::string_view name) {
  if (why_.empty()) return;
  std::string path = path_;
  for (const std::string_view part : {key, name}) {
    if (!part.empty()) path.append(".").append(part);
  }
  diagnostics_.add({location, std::move(path), std::exchange(why_, {}), {}});
}

void HeaderRulesCompiler::set(const NamedTexts& texts, std::string_view key, HeaderRules& rules) {
  for (const auto& [name, text] : texts) {
    rules.set(name, text.text, scope_, why_);
    complain(text.location, key, name);
  }
}

HeaderRules HeaderRulesCompiler::compile(const HeaderRulesSettings& settings) {
  HeaderRules rules;
  for (const PlacedText& name : settings.remove) {
    rules.remove(name.text, why_);
    complain(name.location, "remove", {});
  }
  set(settings.set, "set", rules);
  for (const auto& [name, text] : settings.add) {
    rules.add(name, text.text, scope_, why_);
    complain(text.location, "add", name);
  }
  return rules;
}

}  // namespace weir::route
