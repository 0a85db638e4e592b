#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/table.h"
#include "core/expr/setting.h"
#include "core/http/facts.h"
#include "core/route/text.h"

namespace weir::gateway {

// What values may refer to, and where texts are built.
struct HeadFacts {
  const route::Variables& variables;
  const expr::Facts& facts;
  Arena& arena;
  std::uint64_t& dropped;  // number of values that could not be used
};

// The value of a header, cookie or query parameter: a text with variables, or an expression.
struct HeadValue {
  static constexpr std::string_view kShortKey = "text";

  std::optional<std::string> text;
  expr::Expression<http::RequestVariables, expr::Kind::kString> expression;
  route::Text compiled;  // of `text`

  bool operator==(const HeadValue& other) const {
    return text == other.text && expression == other.expression;
  }
  static void read(config::Table& table, HeadValue& out);
  // Compiles the text; false, with `why` set, if it is not acceptable.
  bool compile(const route::TextScope& scope, std::string& why);
  // Nothing if a variable has no value, if the expression fails, or if the result has control
  // bytes.
  std::optional<std::string_view> evaluate(const HeadFacts& facts) const;
};

using NamedValues = std::vector<std::pair<std::string, HeadValue>>;

// Compiles the values of a setting, and records a diagnostic for each that is not acceptable.
void compileValues(config::Table& table, std::string_view key, NamedValues& values,
                   const route::TextScope& scope);

}  // namespace weir::gateway
