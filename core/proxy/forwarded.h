#pragma once

#include <string_view>

#include "core/http/message.h"
#include "core/net/address.h"
#include "core/proxy/plan.h"

namespace weir::proxy {

// The other end of the connection itself, before anything that it says is believed.
struct Peer {
  net::Ip ip;
  std::string_view scheme;  // "http" or "https", static
};

// Where a request comes from, as far as it is believed: as the connection shows it, or as trusted
// peers say it in X-Forwarded-*. Everything that speaks of the client takes it from here.
struct Downstream {
  net::Ip ip;
  std::string_view address;   // the text of ip, "unknown" for a client over a Unix socket
  std::string_view scheme;    // "http" or "https": how the client reached the first of the peers
  std::string_view host;      // host[:port] that it asked for; empty: that of the request
  bool trusted_peer = false;  // what the peer says in X-Forwarded-* is believed
};

// Works out the client from its peer and what trusted peers say. Its address is the last one of
// X-Forwarded-For, counted from our side, that is not itself a trusted peer; of several values of
// X-Forwarded-Proto and -Host those count that stand as far from the end as that address.
Downstream findDownstream(const http::Request& request, const ListenerPlan& listener,
                          const Peer& peer);

// Max-Forwards of OPTIONS and TRACE (RFC 9110, 7.6.2), counted down. False when it was at 0: the
// request goes no further.
bool countForward(http::Request& request);

// Adds X-Forwarded-For, -Proto, -Host, Forwarded (RFC 7239) and Via (RFC 9110, 7.6.3) as the
// listener's mode says. What an untrusted peer claimed is dropped.
void addForwardedHeaders(http::Request& request, const ListenerPlan& listener, const Peer& peer,
                         const Downstream& downstream);

// Adds `value` behind what is there, if that is to be kept, or in its place.
void appendElement(http::Headers& headers, http::HeaderId id, std::string_view value, bool keep);

// Appends ourselves to Via.
void addVia(http::Headers& headers, http::Version version);

}  // namespace weir::proxy
