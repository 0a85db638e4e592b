#include "core/server/settings.h"

#include "core/authz/rule.h"
#include "core/base/memory.h"
#include "core/config/table.h"
#include "core/config/variant.h"
#include "core/http/target.h"
#include "core/proxy/listener_options.h"
#include "core/route/settings.h"
#include "core/upstream/cluster_options.h"

namespace weir::server {
namespace {

using namespace std::chrono_literals;

constexpr std::pair<std::string_view, Role> kRoles[] = {{"gateway", Role::kGateway},
                                                        {"sidecar", Role::kSidecar}};

}  // namespace

void OverloadOptions::read(config::Table& table, OverloadOptions& out) {
  table.read("max_buffered", out.max_buffered,
             "Maximum memory of the process for buffered bodies and heads. 0: no limit. Default: "
             "half of the memory that the machine, the control group or the address-space limit "
             "leaves available at startup.");
  table.read("refuse_connections", out.refuse_connections,
             "Fraction of max_buffered above which new connections are refused.",
             {.min = 0.01, .max = 1.0});
  table.read("reset_streams", out.reset_streams,
             "Fraction of max_buffered above which new requests are refused, and streams are "
             "reset whose clients do not read their responses fast enough.",
             {.min = 0.01, .max = 1.0});
}

std::uint64_t OverloadOptions::threshold(double fraction) const {
  static const std::uint64_t half = memoryAvailable() / 2;
  const std::uint64_t limit = max_buffered ? max_buffered->bytes : half;
  return static_cast<std::uint64_t>(static_cast<double>(limit) * fraction);
}

Settings::Settings() = default;
Settings::~Settings() = default;
Settings::Settings(const Settings&) = default;
Settings::Settings(Settings&&) noexcept = default;
Settings& Settings::operator=(const Settings&) = default;
Settings& Settings::operator=(Settings&&) noexcept = default;

void Settings::read(config::Table& table, Settings& out) {
  table.read("role", out.role, kRoles, "Role of the process, which decides the defaults.");
  table.read("workers", out.workers,
             "Number of worker threads. auto: one per CPU that affinity and control group allow.",
             {.min = 1, .max = 1024, .none = "auto"});
  table.read("max_connections", out.max_connections,
             "Maximum number of open downstream connections on all listeners. 0: limited only by "
             "the number of file descriptors.");
  table.read("drain_timeout", out.drain_timeout, "Time limit for requests in flight after SIGTERM.",
             {.min = 0ms, .max = 24h});
  table.read("state_directory", out.state_directory,
             "Directory for state that outlives restarts, such as the last endpoints that were "
             "discovered, so that weir can start while the servers that it asks are down. Created "
             "if it is missing; it must belong to weir's user. Default: no state is kept.",
             {.min_size = 1});
  table.read("overload", out.overload, "Load shedding when memory runs short.");
  table.read("filter", out.filters, table.kinds("filter"),
             "Filters that listeners and routes can use by their name: filters = [\"NAME\"].");
  table.read("listener", out.listeners, "Listeners: addresses on which connections are accepted.");
  table.read("route", out.routes, "Routes, which decide how a request is handled.");
  table.read("upstream", out.upstreams,
             "Upstreams: services to which requests and connections are forwarded.");
  table.read(
      "authorize", out.authorize,
      "Policies that decide which connections and requests listeners admit. Matches of a deny "
      "policy are refused; if there are allow policies for a listener, one of them must "
      "match. Connections that are open are judged again when policies change.",
      {.max_size = 10'000});
}

}  // namespace weir::server
