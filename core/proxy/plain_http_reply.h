#pragma once

#include <string_view>

namespace weir::proxy {

// The reply to a client that sends plain HTTP to an HTTPS address.
inline constexpr std::string_view kPlainHttpReply =
    "HTTP/1.1 400 Bad Request\r\n"
    "content-type: application/json\r\n"
    "content-length: 101\r\n"
    "connection: close\r\n"
    "server: weir\r\n"
    "\r\n"
    "{\"status\":400,\"reason\":\"bad_request\",\"detail\":\"plain HTTP request: this address "
    "accepts only HTTPS\"}\n";

}  // namespace weir::proxy
