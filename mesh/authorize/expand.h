#pragma once

#include <string>
#include <string_view>

#include "core/server/settings.h"

namespace weir::mesh {

// The policies that a sidecar adds if no enforced allow policy applies to `inbound`.
inline constexpr std::string_view kSameTrustDomain = "same-trust-domain";
inline constexpr std::string_view kPlaintext = "plaintext";

// Expands [[authorize]] in a sidecar, whose listeners have been expanded. Policies that name no
// listener apply to all except `outbound`, whose requests come from the application. If no allow
// policy is enforced for `inbound`, it admits only `domain`, the "spiffe://DOMAIN/*" of the node,
// and plaintext if it accepts that; a policy says so unless TLS refuses the others in any case.
// `domain` is empty if the node has no identity.
void expandAuthorize(const std::string& domain, server::Settings& settings);

}  // namespace weir::mesh
