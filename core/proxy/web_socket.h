#pragma once

#include "core/base/random.h"
#include "core/http/message.h"

// What WebSocket's handshake has in HTTP/1 (RFC 6455, 4) and not in HTTP/2 (RFC 8441, 5).
namespace weir::proxy {

// Sec-WebSocket-Key for a client of HTTP/2, in case the request goes to an upstream of HTTP/1.
void addWebSocketKey(http::Request& request, Random& random);
// Takes Sec-WebSocket-Accept out of an answer for a client of HTTP/2. False when an upstream of
// HTTP/1 did not answer the key that it was sent: it has not agreed to speak WebSocket.
bool takeWebSocketAccept(const http::Request& request, http::Response& response);
// Sec-WebSocket-Accept, which a client of HTTP/1 checks.
void addWebSocketAccept(const http::Request& request, http::Response& response);

}  // namespace weir::proxy
