#pragma once

#include <string>
#include <string_view>

#include "core/http/client.h"
#include "gateway/auth/forward_auth/answer.h"
#include "gateway/auth/forward_auth/http_service.h"
#include "gateway/auth/forward_auth/settings.h"

// Auth services that are asked by gRPC: envoy.service.auth.v3.Authorization.
namespace weir::gateway::forward_auth {

// As askHttp().
Question askGrpc(http::Client& client, const Settings& settings, const Subject& subject,
                 OnAnswer done);

// A CheckRequest.
std::string checkRequest(const Settings& settings, const Subject& subject);

// The meaning of a CheckResponse. A message that is malformed, or that breaks a limit, is a
// failure.
Answer readCheckResponse(std::string_view message, const Settings& settings);

}  // namespace weir::gateway::forward_auth
