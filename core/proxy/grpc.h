#pragma once

#include <optional>
#include <string_view>

#include "core/base/clock.h"
#include "core/http/message.h"

// What gRPC lays over HTTP (its PROTOCOL-HTTP2.md).
namespace weir::proxy {

// By its content type: application/grpc, with or without a message format.
bool isGrpc(const http::Request& request);

// grpc-timeout: for how long the caller waits. None: for as long as it takes, or not understood.
std::optional<Milliseconds> grpcTimeout(const http::Request& request);

// The status that ended a call, as it was sent: "0". Empty when none was.
std::string_view grpcStatus(const http::Response& response);
// As a label of weir_grpc_requests_total.
unsigned grpcCode(std::string_view status);

// The status that stands for one of HTTP's (http-grpc-status-mapping.md).
int grpcStatusFor(int http_status);
inline constexpr int kGrpcDeadlineExceeded = 4;

// Makes an answer of nothing but a head with grpc-status, as gRPC numbers them, and grpc-message
// ("Trailers-Only").
void writeGrpcFailure(http::Response& response, int status, std::string_view message);

}  // namespace weir::proxy
