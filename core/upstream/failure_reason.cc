#include "core/upstream/failure_reason.h"

namespace weir::upstream {

Reason reasonForConnecting(const Error& error) {
  if (error.origin == Origin::kLocal) {
    return error.code == ErrorCode::kTimeout ? Reason::kQueueTimeout : Reason::kQueueFull;
  }
  switch (error.code) {
    case ErrorCode::kTimeout:
      return Reason::kUpstreamConnectTimeout;
    case ErrorCode::kExhausted:
      return Reason::kOverloadConnections;
    case ErrorCode::kTls:
      return Reason::kUpstreamTlsError;
    case ErrorCode::kProtocol:
    case ErrorCode::kNotImplemented:
      return Reason::kUpstreamProtocolError;
    default:
      return Reason::kUpstreamConnectRefused;
  }
}

Reason reasonForResponse(const Error& error, bool reused) {
  switch (error.code) {
    case ErrorCode::kTls:
      return Reason::kUpstreamTlsError;
    case ErrorCode::kRevoked:
      return Reason::kIdentityRevoked;
    case ErrorCode::kProtocol:
    case ErrorCode::kTooLarge:
    case ErrorCode::kNotImplemented:
    case ErrorCode::kVersion:
      return Reason::kUpstreamProtocolError;
    case ErrorCode::kClosed:
      return reused ? Reason::kUpstreamKeepaliveRace : Reason::kUpstreamResetBeforeHeaders;
    default:
      return Reason::kUpstreamResetBeforeHeaders;
  }
}

}  // namespace weir::upstream
