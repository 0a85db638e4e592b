#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "observability/admin/admin_backend.h"

// The state of the process as JSON, for programs. Bytes that are not UTF-8 are replaced.
namespace weir::admin {

// `endpoints`: how many the upstream has, if only some are in `states`.
std::string upstreamsJson(const UpstreamStates& states,
                          std::optional<std::size_t> endpoints = std::nullopt);
std::string listenersJson(const std::vector<ListenerState>& listeners);
std::string explanationJson(const ExplainQuery& query, const Explanation& explanation);
std::string reloadJson(const ReloadOutcome& outcome);
std::string errorJson(int status, std::string_view detail);
// {"<key>": "<value>"}
std::string pairJson(std::string_view key, std::string_view value);

}  // namespace weir::admin
