#include "core/http/status.h"

namespace weir::http {

int statusFor(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return 200;
    case Reason::kNoRoute:
      return 404;
    case Reason::kUpstreamConnectTimeout:
    case Reason::kUpstreamTimeout:
    case Reason::kPerTryTimeout:
      return 504;
    case Reason::kUpstreamTlsError:
    case Reason::kUpstreamConnectRefused:
    case Reason::kUpstreamResetBeforeHeaders:
    case Reason::kUpstreamResetAfterHeaders:
    case Reason::kUpstreamProtocolError:
    case Reason::kUpstreamKeepaliveRace:
    case Reason::kIdentityRevoked:
      return 502;
    case Reason::kRequestTimeout:
    case Reason::kHeaderTimeout:
    case Reason::kStreamIdle:
      return 408;
    case Reason::kRateLimited:
      return 429;
    case Reason::kAuthnMissing:
    case Reason::kAuthnInvalid:
    case Reason::kAuthnExpired:
      return 401;
    case Reason::kAuthzDenied:
    case Reason::kExtAuthDenied:
    case Reason::kExtAuthError:
    case Reason::kDestinationDenied:
      return 403;
    case Reason::kBodyTooLarge:
      return 413;
    case Reason::kHeaderTooLarge:
      return 431;
    case Reason::kBadRequest:
    case Reason::kProtocolError:
    case Reason::kTransformError:
      return 400;
    case Reason::kConfigDisabled:
      return 405;
    case Reason::kClientDisconnect:
      return 499;  // never sent: for logs and metrics (a number known from NGINX)
    default:
      return 503;  // a resource that is missing, full or withheld may soon be available again
  }
}

Reason reasonForRequest(const Error& error) {
  switch (error.code) {
    case ErrorCode::kTooLarge:
    case ErrorCode::kTargetTooLarge:
      return Reason::kHeaderTooLarge;
    case ErrorCode::kTimeout:
      return Reason::kHeaderTimeout;
    case ErrorCode::kClosed:
    case ErrorCode::kReset:
      return Reason::kClientDisconnect;
    case ErrorCode::kCancelled:
      return Reason::kDraining;
    default:
      return Reason::kBadRequest;
  }
}

int statusForRequest(const Error& error) {
  switch (error.code) {
    case ErrorCode::kTargetTooLarge:
      return 414;
    case ErrorCode::kNotImplemented:
      return 501;
    case ErrorCode::kVersion:
      return 505;
    case ErrorCode::kExpectation:
      return 417;
    default:
      return statusFor(reasonForRequest(error));
  }
}

}  // namespace weir::http
