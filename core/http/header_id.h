#pragma once

#include <cstdint>
#include <string_view>

namespace weir::http {

// Numbers for the header names that weir interprets; every other name is kOther.
enum class HeaderId : std::uint8_t {
  kOther,
  kAccept,
  kAcceptEncoding,
  kAuthorization,
  kCacheControl,
  kConnection,
  kContentEncoding,
  kContentLength,
  kContentType,
  kCookie,
  kDate,
  kEarlyData,
  kExpect,
  kForwarded,
  kHost,
  kHttp2Settings,
  kKeepAlive,
  kLocation,
  kOrigin,
  kProxyAuthenticate,
  kProxyAuthorization,
  kProxyConnection,
  kReferer,
  kRetryAfter,
  kServer,
  kSetCookie,
  kTe,
  kTraceparent,
  kTrailer,
  kTransferEncoding,
  kUpgrade,
  kUserAgent,
  kVary,
  kVia,
  kXForwardedClientCert,
  kXForwardedFor,
  kXForwardedHost,
  kXForwardedProto,
  kXRequestId,
  kXWeirIdentity,  // the caller's identity, set by the mesh only
  kXWeirReason,
  kXWeirOriginalPath,
  kCount,
};

// The id of a name in any case. Text that is not a token (RFC 9110, 5.6.2) may be taken for a name.
HeaderId headerId(std::string_view name);

// The name in lower case; "" for kOther.
std::string_view headerName(HeaderId id);

bool equalsIgnoringCase(std::string_view left, std::string_view right);

}  // namespace weir::http
