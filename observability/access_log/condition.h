#pragma once

#include <string>

#include "core/expr/setting.h"
#include "core/http/facts.h"

namespace weir::access_log {

// The variables of conditions.
struct ConditionVariables : http::RecordVariables {
  // A condition in the form of a table, with the keys `status`, `min_duration` and `reason`, as an
  // expression; empty if it has other keys.
  static std::string replacement(const config::Value& table);
};

// Selects the exchanges that are logged.
using Condition = expr::Expression<ConditionVariables>;

// True if the condition holds for the exchange, or if there is none. `arena` is for temporary
// values.
bool holds(const Condition& condition, const http::ExchangeRecord& record, Arena& arena);

}  // namespace weir::access_log
