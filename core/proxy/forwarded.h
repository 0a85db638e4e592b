#pragma once

#include <string_view>

#include "core/http/message.h"
#include "core/net/address.h"
#include "core/proxy/plan.h"

namespace weir::proxy {

// The peer of the connection itself, before any of its claims is trusted.
struct Peer {
  IpAddress ip;
  std::string_view scheme;  // "http" or "https", static
};

// The origin of a request as far as it is trusted: from the connection, or from the X-Forwarded-*
// fields of trusted peers. All code that needs the client's address, scheme or host takes it from
// here.
struct Downstream {
  IpAddress ip;
  std::string_view address;   // the text of ip, "unknown" for a client over a Unix socket
  std::string_view scheme;    // "http" or "https": that of the client's own connection
  std::string_view host;      // host[:port] requested by the client; empty: that of the request
  bool trusted_peer = false;  // its X-Forwarded-* fields are trusted
};

// Determines the client from the peer and from the fields of trusted peers. The client's address is
// the last one in X-Forwarded-For that is not itself a trusted peer; from several values of
// X-Forwarded-Proto and -Host the one at the same distance from the end is used.
Downstream findDownstream(const http::Request& request, const ListenerPlan& listener,
                          const Peer& peer);

// Decrements Max-Forwards of OPTIONS and TRACE (RFC 9110, 7.6.2). False if it was 0: the request
// must not be forwarded.
bool countForward(http::Request& request);

// Adds X-Forwarded-For, -Proto, -Host, Forwarded (RFC 7239) and Via (RFC 9110, 7.6.3) according to
// the listener's mode. Values from an untrusted peer are dropped.
void addForwardedHeaders(http::Request& request, const ListenerPlan& listener, const Peer& peer,
                         const Downstream& downstream);

// Appends `value` to the existing values if `keep` is set, else replaces them.
std::string_view behindElements(http::Headers& headers, http::HeaderId id, std::string_view value,
                                bool keep);
inline void appendElement(http::Headers& headers, http::HeaderId id, std::string_view value,
                          bool keep) {
  if (headers.mayHave(id)) value = behindElements(headers, id, value, keep);
  headers.add(id, value);
}

// Appends weir to Via.
void addVia(http::Headers& headers, http::Version version);

}  // namespace weir::proxy
