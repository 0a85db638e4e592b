#include "core/proxy/dial_reason.h"

namespace weir::proxy {

Reason reasonForDialing(const Error& error) {
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

}  // namespace weir::proxy
