#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/clock.h"
#include "core/base/names.h"

namespace weir::proxy {
struct Plan;
}

namespace weir::dashboard {

// How a plan connects listeners, routes and upstreams, in words for people. It does not refer to
// the plan. Names live as long as the NameTable.
struct Topology {
  struct Listener {
    NameId id = 0;
    std::string name = {};
    std::string address = {};  // as configured
    bool tls = false;
    bool mutual = false;  // verifies the certificates of clients
    bool tcp = false;
    NameId upstream = 0;                         // of connections that are not HTTP; 0: none
    std::vector<std::string_view> filters = {};  // before a route is looked up
  };
  struct Target {
    NameId upstream = 0;
    double share = 1;     // of the route's requests, by weight
    bool mirror = false;  // a copy of requests
  };
  struct Route {
    NameId id = 0;
    std::string_view name = {};
    std::string match = {};                      // "*.example.com prefix /users"
    std::string action = {};                     // "forward", "redirect 301" or "respond 200"
    std::vector<std::string_view> filters = {};  // those of the listener included
    std::vector<Target> targets = {};
  };
  struct Upstream {
    NameId id = 0;
    std::string_view name = {};
    std::string discovery = {};  // its kind
    std::string balancer = {};
    bool tls = false;
    bool mutual = false;    // weir presents a certificate
    std::size_t users = 0;  // targets of routes, mirrors included
  };
  struct Certificate {
    std::string source = {};
    std::string subject = {};
    std::string issuer = {};
    std::string_view key_type = {};
    std::string identity = {};              // "spiffe://..."; often empty
    std::vector<std::string> names = {};    // DNS names and addresses
    std::vector<std::string> used_by = {};  // "listener web", "upstream orders"
    Nanoseconds not_before{0};
    Nanoseconds not_after{0};
  };

  static Topology of(const proxy::Plan& plan);
  const Upstream* upstream(NameId id) const;  // null if there is none

  std::uint64_t generation = 0;
  std::string_view role = {};
  std::vector<Listener> listeners = {};
  std::vector<Route> routes = {};  // in the order of the file
  std::vector<Upstream> upstreams = {};
  std::vector<Certificate> certificates = {};
  std::unordered_map<NameId, std::size_t> upstream_places = {};  // in upstreams
};

}  // namespace weir::dashboard
