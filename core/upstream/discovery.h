#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/names.h"
#include "core/http/target.h"
#include "core/upstream/endpoint.h"

namespace weir::event {
class Loop;
}
namespace weir::dns {
class Resolver;
}
namespace weir::http {
class Client;
}

namespace weir::upstream {

struct OriginalEndpoint;

// Events of a source of endpoints, for its cluster. Called on the control thread.
class DiscoveryEvents {
 public:
  virtual ~DiscoveryEvents() = default;
  // The current endpoints; called for the first result and for each change.
  virtual void onEndpoints(SharedEndpoints endpoints) = 0;
  // The source was not reachable, or had no endpoints: the known ones stay in use, stale.
  virtual void onDiscoveryFailed(std::string_view what) = 0;
};

// Finds the endpoints of one cluster and keeps them up to date. Lives on the control thread;
// destroying it ends the discovery.
class Discovery {
 public:
  virtual ~Discovery() = default;
  virtual void start(DiscoveryEvents& events) = 0;  // may call back at once
  // The result may be outdated: the servers that were queried are no longer in use.
  virtual void lookAgain() {}
};

// The parts of the control thread that a discovery may use.
struct DiscoveryTools {
  event::Loop& loop;
  dns::Resolver& resolver;
  http::Client& client;  // for the upstreams that the source needs()
  NameTable& names;      // of these upstreams
};

// A configured source, part of the plan: immutable and comparable, so that a reload that does not
// change it does not affect the running Discovery.
class DiscoverySource {
 public:
  virtual ~DiscoverySource() = default;
  virtual std::string identity() const = 0;  // equal texts: the same source
  virtual std::unique_ptr<Discovery> make(const DiscoveryTools& tools) const = 0;
  // The name that is resolved, for which endpoints have certificates; empty: none.
  virtual std::string_view hostName() const { return {}; }
  // Where the source sends its queries. The upstreams must not depend on this one.
  virtual std::vector<http::Target> needs() const { return {}; }
  // Whether these upstreams must speak HTTP/2, as gRPC requires.
  virtual bool needsHttp2() const { return false; }
  // The endpoints if they are known without a query; else null.
  virtual SharedEndpoints known() const { return nullptr; }
  // If each connection has its own endpoint, its original destination; else null.
  virtual const OriginalEndpoint* original() const { return nullptr; }
};

}  // namespace weir::upstream
