#pragma once

#include <string_view>

#include "core/filter/verdict.h"
#include "core/http/message.h"

// The content of responses that weir itself sends.
namespace weir::proxy {

inline constexpr std::string_view kAllowedMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

// The request that a local reply answers.
struct Replied {
  const http::Request& request;
  std::string_view request_id;
  bool reason_header = false;  // of the listener
};

// Adds the fields of the reply to `response`, whose status is set, and returns its body, which is
// in the arena of the response or in the reply. A gRPC client gets the reply as grpc-status.
std::string_view fillReply(const filter::LocalReply& reply, const Replied& to,
                           http::Response& response);

// Sets the framing of a response whose body is complete. False if no body is sent.
bool frameReply(http::Response& response, std::size_t bytes, http::Method method);

}  // namespace weir::proxy
