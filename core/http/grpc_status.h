#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/reason.h"
#include "core/http/message.h"

// The status of a gRPC call (statuscodes.md of gRPC).
namespace weir::http {

enum class GrpcCode : std::uint8_t {
  kOk,
  kCancelled,
  kUnknown,
  kInvalidArgument,
  kDeadlineExceeded,
  kNotFound,
  kAlreadyExists,
  kPermissionDenied,
  kResourceExhausted,
  kFailedPrecondition,
  kAborted,
  kOutOfRange,
  kUnimplemented,
  kInternal,
  kUnavailable,
  kDataLoss,
  kUnauthenticated,
};

struct GrpcStatus {
  GrpcCode code = GrpcCode::kOk;
  std::string message = {};       // decoded; may hold any byte
  Reason reason = Reason::kNone;  // why weir ended the call; kNone: the server sent the status

  bool ok() const { return code == GrpcCode::kOk; }
};

// The gRPC status for an HTTP status (http-grpc-status-mapping.md).
int grpcStatusFor(int http_status);

// A grpc-message without its percent-encoding. What is not valid encoding stays as it is.
std::string decodedGrpcMessage(std::string_view text);

// The status at the end of a response: grpc-status of the trailers, else of the head, else one for
// the HTTP status. A value that is not a status code is kUnknown.
GrpcStatus grpcStatusOf(const Response& response, const Headers& trailers);

}  // namespace weir::http
