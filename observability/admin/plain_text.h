#pragma once

#include <string>

#include "observability/admin/admin_backend.h"

// The state of the process as text, for users at a terminal.
namespace weir::admin {

std::string explanationText(const ExplainQuery& query, const Explanation& explanation);
std::string reloadText(const ReloadOutcome& outcome);

}  // namespace weir::admin
