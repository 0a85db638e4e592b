#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/metrics.h"
#include "core/base/names.h"
#include "core/net/address.h"

namespace weir::config {
class Table;
}

namespace weir::proxy {

// What the original destination of a redirected connection decides.
enum class OriginalUse : std::uint8_t {
  kEndpoint,  // the endpoint that has this address
  kBalance,   // the upstream to which it belongs, whose balancer chooses the endpoint
  kRoutes,    // nothing: routes and the upstream of the listener decide
};

// `transparent` of [[listener]]: the system redirects connections of unsuspecting clients to it.
struct TransparentOptions {
  static constexpr std::string_view kShortKey = "enabled";

  bool enabled = false;
  OriginalUse original = OriginalUse::kEndpoint;

  static void read(config::Table& table, TransparentOptions& out);
  friend bool operator==(const TransparentOptions&, const TransparentOptions&) = default;
};

// How the upstream of a redirected connection was found.
enum class Resolution : std::uint8_t { kEndpoint, kVip, kHost, kPassthrough, kRefused };
inline constexpr std::string_view kResolutionWords[] = {"endpoint", "vip", "host", "passthrough",
                                                        "refused"};
enum class InterceptedDirection : std::uint8_t { kInbound, kOutbound };
inline constexpr std::string_view kInterceptedWords[] = {"inbound", "outbound"};

inline constexpr CounterFamily kInterceptedFamily{
    "weir_intercepted_connections_total",
    "Connections of transparent listeners, by the way in which their upstream was found: the "
    "destination is an endpoint, or one of the addresses (vip) of an upstream; by the host of "
    "requests or the server name of TLS; passed through to the destination; or refused.",
    {{"direction", KeyPart::kFirst, wordOf<kInterceptedWords>},
     {"resolution", KeyPart::kSecond, wordOf<kResolutionWords>}}};
constexpr CounterKey interceptedKey(InterceptedDirection direction, Resolution resolution) {
  return {kInterceptedFamily, {}, {.first = field(direction), .second = field(resolution)}};
}

// A connection that the system redirected to a listener, and what its destination means.
struct Interception {
  net::Address destination;  // to which the client connected
  std::string text;          // the same, for logs
  OriginalUse use = OriginalUse::kRoutes;
  NameId upstream = 0;    // to which the destination belongs; 0: to none, or it does not matter
  std::string_view host;  // the name of that upstream, under which routes find it
  Resolution resolution = Resolution::kPassthrough;  // if `upstream` is not 0

  // The destination is an endpoint of this upstream, and preferred to others.
  bool wantsEndpointOf(NameId cluster) const {
    return use == OriginalUse::kEndpoint && resolution == Resolution::kEndpoint &&
           upstream == cluster;
  }
  // The upstream is found by what the client sends, or not at all.
  bool unresolved() const { return use != OriginalUse::kRoutes && upstream == 0; }
};

}  // namespace weir::proxy
