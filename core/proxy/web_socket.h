#pragma once

#include "core/base/random.h"
#include "core/http/message.h"

// The parts of the WebSocket handshake in HTTP/1 (RFC 6455, 4) that HTTP/2 lacks (RFC 8441, 5).
namespace weir::proxy {

// Adds Sec-WebSocket-Key for an HTTP/2 client, in case the request goes to an HTTP/1 upstream.
void addWebSocketKey(http::Request& request, Random& random);
// Removes Sec-WebSocket-Accept from a response to an HTTP/2 client. False if an HTTP/1 upstream did
// not respond to the key that it received: it has not agreed to speak WebSocket.
bool takeWebSocketAccept(const http::Request& request, http::Response& response);
// Adds Sec-WebSocket-Accept, which an HTTP/1 client checks.
void addWebSocketAccept(const http::Request& request, http::Response& response);

}  // namespace weir::proxy
