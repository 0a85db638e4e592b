#pragma once

#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/http/fetch.h"
#include "gateway/auth/upstream_auth/settings.h"

namespace weir::gateway::upstream_auth {

// A request for a token (RFC 6749, 4.4.2).
struct TokenRequest {
  std::string authorization;  // empty: none
  std::string body;
};
TokenRequest tokenRequest(const ClientCredentials& settings);

inline constexpr std::size_t kMostTokenReply = std::size_t{64} * 1024;
inline constexpr std::size_t kMostToken = std::size_t{16} * 1024;

struct IssuedToken {
  std::string text;
  std::optional<Milliseconds> life;  // if it is known
};
// The token of a response (RFC 6749, 5.1), or a static text that says why there is none. Only
// bearer tokens are accepted.
weir::Result<IssuedToken> readTokenReply(const http::Reply& reply);

}  // namespace weir::gateway::upstream_auth
