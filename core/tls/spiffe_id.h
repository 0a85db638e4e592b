#pragma once

#include <cstddef>
#include <string_view>

namespace weir::tls {

// The grammar of the SPIFFE standard (SPIFFE-ID, 2): spiffe://TRUST-DOMAIN/SEGMENT/...
inline constexpr std::string_view kSpiffeScheme = "spiffe://";
inline constexpr std::size_t kMaxSpiffeId = 2048;
inline constexpr std::size_t kMaxTrustDomain = 255;

// Whether a URI claims to be a SPIFFE ID by its scheme, in any case.
bool hasSpiffeScheme(std::string_view uri);

// What is wrong with the ID of a workload, which needs a path (X509-SVID, 2); empty if nothing is.
std::string_view faultOfSpiffeId(std::string_view id);

// The trust domain of a valid ID: "example.org" in "spiffe://example.org/ns/shop".
std::string_view trustDomainOf(std::string_view id);

}  // namespace weir::tls
