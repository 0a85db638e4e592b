#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::http {

// Numbers for the header names that weir interprets; every other name is kOther.
enum class HeaderId : std::uint8_t {
  kOther,
  kAccept,
  kAcceptEncoding,
  kAuthorization,
  kB3,
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
  kTracestate,
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

// By id, in lower case.
inline constexpr std::array<std::string_view, static_cast<std::size_t>(HeaderId::kCount)>
    kHeaderNames = {
        "",
        "accept",
        "accept-encoding",
        "authorization",
        "b3",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "date",
        "early-data",
        "expect",
        "forwarded",
        "host",
        "http2-settings",
        "keep-alive",
        "location",
        "origin",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "referer",
        "retry-after",
        "server",
        "set-cookie",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "vary",
        "via",
        "x-forwarded-client-cert",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-request-id",
        "x-weir-identity",
        "x-weir-reason",
        "x-weir-original-path",
};

// The id of a name in any case. Text that is not a token (RFC 9110, 5.6.2) may be taken for a name.
HeaderId headerId(std::string_view name);

// The name in lower case; "" for kOther.
constexpr std::string_view headerName(HeaderId id) {
  return kHeaderNames[static_cast<std::size_t>(id)];
}

bool equalsIgnoringCase(std::string_view left, std::string_view right);

}  // namespace weir::http
