#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "core/base/clock.h"
#include "core/upstream/endpoint.h"

namespace weir::event {
class Loop;
}
namespace weir::dns {
class Resolver;
}

namespace weir::upstream {

// What a source of endpoints tells its cluster. Called on the control thread.
class DiscoveryEvents {
 public:
  virtual ~DiscoveryEvents() = default;
  // The endpoints as of now; called for the first answer and for each change.
  virtual void onEndpoints(SharedEndpoints endpoints) = 0;
  // The source could not be asked, or answered with nothing: what was known stays in use, stale.
  virtual void onDiscoveryFailed(std::string_view what) = 0;
};

// Finds the endpoints of one cluster and keeps looking. Lives on the control thread; destroying it
// ends the search.
class Discovery {
 public:
  virtual ~Discovery() = default;
  virtual void start(DiscoveryEvents& events) = 0;  // may call back at once
  // What was found may be out of date: the servers that were asked are no longer in use.
  virtual void lookAgain() {}
};

// What a discovery may use of the control thread.
struct DiscoveryTools {
  event::Loop& loop;
  dns::Resolver& resolver;
};

// A configured source, part of the plan: immutable and comparable, so that a reload which leaves it
// as it was leaves the running Discovery alone.
class DiscoverySource {
 public:
  virtual ~DiscoverySource() = default;
  virtual std::string_view kind() const = 0;  // "static", "dns", "srv" ...
  virtual std::string identity() const = 0;   // equal texts: the same source
  virtual std::unique_ptr<Discovery> make(const DiscoveryTools& tools) const = 0;
  // The name that is looked up, for which endpoints have certificates; empty: none.
  virtual std::string_view hostName() const { return {}; }
  // The endpoints, when they are known without asking anybody; else null.
  virtual SharedEndpoints known() const { return nullptr; }
};

}  // namespace weir::upstream
