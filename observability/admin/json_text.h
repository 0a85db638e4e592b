#pragma once

#include <string>
#include <vector>

#include "observability/admin/admin_backend.h"

// The state of the process as JSON, for programs. Bytes that are not UTF-8 are replaced.
namespace weir::admin {

std::string upstreamsJson(const UpstreamStates& states);
std::string listenersJson(const std::vector<ListenerState>& listeners);
std::string explanationJson(const ExplainQuery& query, const Explanation& explanation);
std::string reloadJson(const ReloadOutcome& outcome);
std::string errorJson(int status, std::string_view detail);
// {"<key>": "<value>"}
std::string pairJson(std::string_view key, std::string_view value);

}  // namespace weir::admin
