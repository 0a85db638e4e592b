#pragma once

#include "core/http/message.h"
#include "core/route/upgrades.h"
#include "core/upstream/pool_waiter.h"

// Requests that ask for another protocol: Upgrade in HTTP/1, extended CONNECT in HTTP/2.
namespace weir::proxy {

// True if the client takes any 2xx status as confirmation of a tunnel.
bool asksForTunnel(const http::Request& request);

// Applies what the route allows. An Upgrade that it does not allow is ignored (RFC 9110, 7.8).
// False for an extended CONNECT, which cannot be ignored, since it has no other meaning (RFC 9220,
// 3).
bool chooseUpgrade(http::Request& request, const route::Upgrades& upgrades);

// Asks for a connection on which the protocol can be offered. A protocol that requires HTTP/1.1
// cannot be offered to an upstream that speaks only HTTP/2: the request is sent without its
// Upgrade, which a recipient may ignore (RFC 9110, 7.8).
void askForUpgrade(const http::Request& request, bool http2_only, upstream::Demand& demand);

// Completes the head of a response with the fields that confirm the new protocol to the client.
// False if the client would take the response as a confirmation, and it is none.
bool confirmUpgrade(const http::Request& request, http::Response& response);

}  // namespace weir::proxy
