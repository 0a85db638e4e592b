#pragma once

#include <string_view>

#include "core/http/message.h"
#include "core/net/address.h"
#include "core/proxy/plan.h"

namespace weir::proxy {

// Who a request comes from, after the trusted-hop rules.
struct Client {
  net::Ip ip;
  std::string_view text;      // in the request's arena
  bool trusted_peer = false;  // what the peer says in X-Forwarded-* is believed
};

// Works out the client of a request from its peer and what trusted peers say in X-Forwarded-For:
// the last address, counted from our side, that is not itself a trusted peer.
Client findClient(const http::Request& request, const ListenerPlan& listener, const net::Ip& peer);

// Adds X-Forwarded-For, -Proto, -Host, Forwarded (RFC 7239) and Via (RFC 9110, 7.6.3) as the
// listener's mode says. What an untrusted peer claimed is dropped.
void addForwardedHeaders(http::Request& request, const ListenerPlan& listener, const net::Ip& peer,
                         const Client& client);

// Adds `value` behind what is there, if that is to be kept, or in its place.
void appendElement(http::Headers& headers, http::HeaderId id, std::string_view value, bool keep);

// Appends ourselves to Via.
void addVia(http::Headers& headers, http::Version version);

}  // namespace weir::proxy
