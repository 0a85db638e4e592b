#include "gateway/transform/heads/value.h"

#include "core/base/plain_text.h"

namespace weir::gateway {

void HeadValue::read(config::Table& table, HeadValue& out) {
  table.read("text", out.text, "Text with variables, such as `${client.address}`.");
  table.read("expression", out.expression,
             "Expression with a string as its result, instead of a text.");
  table.exactlyOneOf({"text", "expression"});
}

bool HeadValue::compile(const route::TextScope& scope, std::string& why) {
  if (!text) return true;
  if (!isFieldText(*text)) {
    why = "contains a control byte";
    return false;
  }
  auto result = route::Text::compile(*text, scope, why);
  if (!result) return false;
  compiled = *std::move(result);
  return true;
}

std::optional<std::string_view> HeadValue::evaluate(const HeadFacts& facts) const {
  if (!expression.given()) {
    const std::string_view value = compiled.expand(facts.variables, facts.arena);
    if (value.empty() && !compiled.isConstant()) return std::nullopt;
    return value;
  }
  const expr::Value value = expression.program().evaluate(facts.facts, facts.arena);
  if (value.kind() == expr::Kind::kString && isFieldText(value.text())) return value.text();
  ++facts.dropped;
  return std::nullopt;
}

void compileValues(config::Table& table, std::string_view key, NamedValues& values,
                   const route::TextScope& scope) {
  for (auto& [name, value] : values) {
    std::string why;
    if (value.compile(scope, why)) continue;
    table.fail(key, std::string("\"").append(name).append("\": ").append(why));
  }
}

}  // namespace weir::gateway
