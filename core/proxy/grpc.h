#pragma once

#include <optional>
#include <string_view>

#include "core/base/clock.h"
#include "core/http/grpc_status.h"
#include "core/http/message.h"

// gRPC over HTTP (its PROTOCOL-HTTP2.md).
namespace weir::proxy {

// Decided by the content type: application/grpc, with or without a message format.
bool isGrpc(const http::Request& request);

// grpc-timeout: the caller's time limit. Empty: no limit, or an invalid value.
std::optional<Milliseconds> grpcTimeout(const http::Request& request);

// The grpc-status of a call as sent, such as "0". Empty if it is missing.
std::string_view grpcStatus(const http::Response& response);
// The same as a number; empty if it is missing, -1 if it is not a number.
std::optional<int> sentGrpcCode(const http::Response& response);
// The status as a label of weir_grpc_requests_total.
unsigned grpcCode(std::string_view status);

using http::grpcStatusFor;
inline constexpr int kGrpcDeadlineExceeded = 4;

// Makes a "Trailers-Only" response: a head with grpc-status (a gRPC status number) and
// grpc-message.
void writeGrpcFailure(http::Response& response, int status, std::string_view message);

}  // namespace weir::proxy
