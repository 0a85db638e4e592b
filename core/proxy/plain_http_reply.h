#pragma once

#include <string_view>

namespace weir::proxy {

// The reply to a client that sends plain HTTP to an HTTPS address.
inline constexpr std::string_view kPlainHttpReply =
    "HTTP/1.1 400 Bad Request\r\n"
    "content-type: application/json\r\n"
    "content-length: 104\r\n"
    "connection: close\r\n"
    "server: weir\r\n"
    "\r\n"
    "{\"status\":400,\"reason\":\"bad_request\",\"detail\":\"a request in the clear: this address "
    "speaks HTTPS only\"}\n";

}  // namespace weir::proxy
