#include "core/base/error.h"

namespace weir {

std::string_view toString(ErrorCode code) {
  switch (code) {
    case ErrorCode::kClosed:
      return "closed";
    case ErrorCode::kReset:
      return "reset";
    case ErrorCode::kRefused:
      return "refused";
    case ErrorCode::kUnreachable:
      return "unreachable";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kProtocol:
      return "protocol";
    case ErrorCode::kTooLarge:
      return "too large";
    case ErrorCode::kTargetTooLarge:
      return "target too large";
    case ErrorCode::kNotImplemented:
      return "not implemented";
    case ErrorCode::kVersion:
      return "version";
    case ErrorCode::kTls:
      return "tls";
    case ErrorCode::kRevoked:
      return "revoked";
    case ErrorCode::kExpectation:
      return "expectation";
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kExhausted:
      return "exhausted";
    case ErrorCode::kSystem:
      return "system";
  }
  return "unknown";
}

}  // namespace weir
