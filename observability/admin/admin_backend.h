#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/config/diagnostics.h"
#include "observability/admin/page_reply.h"
#include "observability/admin/page_request.h"

namespace weir::admin {

// Whether the process needs a restart (not live) and may receive traffic (ready).
struct Health {
  bool live = true;
  bool ready = true;
  std::string why = {};  // it is not live or not ready
};

// The latest active health check of an endpoint. Times are those of the wall clock.
struct EndpointHealth {
  std::string state = {};     // "healthy", "unhealthy" or "unknown"
  Nanoseconds since{0};       // when the state began
  Nanoseconds checked_at{0};  // the end of the latest check; 0: none yet
  Nanoseconds took{0};
  std::string result = {};  // "success", "status" ...
  std::string detail = {};  // "status 503"
};

struct EndpointState {
  std::string address = {};
  std::uint32_t weight = 1;
  std::uint32_t priority = 0;
  std::string zone = {};  // often empty
  // "healthy", "unhealthy", "ejected", "warming", "draining"; empty: not used yet
  std::string state = {};
  std::string since = {};  // when it changed, as "2027-01-31T18:00:00Z"; empty: unknown
  std::optional<double> latency_ms = {};  // that the balancer expects
  std::uint64_t in_flight = 0;            // here and below: sum over all workers
  bool draining = false;
  std::uint64_t ejected_by = 0;  // workers whose guards have taken it out of use
  std::vector<std::pair<std::string, std::string>> metadata = {};
  std::optional<EndpointHealth> health = {};  // empty: it is not checked
};

struct UpstreamState {
  std::string name = {};
  std::string discovery = {};  // its kind: "static", "dns" ...
  std::string balancer = {};
  bool known = true;         // the discovery has succeeded once
  bool stale = false;        // the endpoints may be outdated
  std::string failure = {};  // of the latest discovery; empty if it succeeded
  std::uint64_t connections = 0;
  std::uint64_t idle_connections = 0;
  std::uint64_t max_connections = 0;  // 0: no limit
  std::vector<EndpointState> endpoints = {};
};

struct UpstreamStates {
  std::vector<UpstreamState> upstreams = {};
  std::size_t silent_workers = 0;  // did not answer in time: their share is missing
};

struct ListenerState {
  std::string name = {};
  std::string address = {};  // with the actual port
  bool accepting = true;
  std::uint64_t connections = 0;
  std::uint64_t max_connections = 0;  // 0: no limit
};

// A request to be explained. All text is untrusted.
struct ExplainQuery {
  std::string method = "GET";
  std::string host = {};
  std::string path = "/";  // may have a query: "/a?b=c"
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string listener = {};  // its name; empty: the one that fits `scheme` and `port`
  std::string source = {};    // IP address of the client; empty: none
  std::string scheme = {};    // "http" or "https"; empty: that of the listener
  unsigned port = 0;          // of the listener; 0: any
  // The authenticated caller: the identity of a client certificate (spiffe://...), else the subject
  // of other credentials. Empty: none.
  std::string caller = {};
  std::vector<std::string> groups = {};  // of the caller
  std::vector<std::string> scopes = {};
};

// Reads a URL, or a path that begins with a slash. Returns the mistake; empty: none.
std::string readUrl(std::string_view url, ExplainQuery& query);

struct ExplainedRoute {
  std::string name = {};
  std::string outcome = {};  // "taken", "less_specific", "method" ...
  std::string match = {};    // "*.example.com prefix /users"
  std::string action = {};   // "forward to orders"
  std::string why = {};
};

struct ExplainedFilter {
  std::string name = {};
  std::string scope = {};    // "listener" or "route"
  std::string outcome = {};  // "proceeds", "replies", "skipped", "depends" or "not_reached"
  std::string why = {};
  std::vector<std::string> near_misses = {};
};

// The result for a request.
struct ExplainedOutcome {
  std::string kind = {};    // "forward", "respond", "redirect", "refused" or "no_route"
  int status = 0;           // of the response if weir sends it, else 0
  std::string reason = {};  // of a refusal: "authz_denied" ...
  std::string detail = {};
  std::string filter = {};  // that refuses the request; empty: none
};

struct Explanation {
  std::string mistake = {};   // of an invalid query; then the rest is empty
  std::string listener = {};  // that receives the request
  std::string path = {};      // as it is matched, without the query
  std::string refusal = {};   // why the request is rejected without a filter
  ExplainedOutcome outcome = {};
  std::vector<ExplainedRoute> routes = {};    // in the order of precedence
  std::vector<ExplainedFilter> filters = {};  // in the order of requests
  std::vector<UpstreamState> upstreams = {};  // to which the request may be forwarded

  // True if the request is served, rather than refused or without a route.
  bool serves() const { return outcome.kind != "refused" && outcome.kind != "no_route"; }
};

struct ReloadOutcome {
  bool applied = false;
  std::uint64_t generation = 0;            // of the plan in use
  config::Diagnostics diagnostics = {};    // if it was not applied
  std::vector<std::string> warnings = {};  // settings that are probably not intended
  std::vector<std::string> notes = {};     // changes that require a restart
};

// The running process as the admin pages see it: queries and actions. Implemented by the
// composition root.
//
// Thread: the control thread, for calls and callbacks. No call waits for a worker: data of workers
// is passed to a callback, which is called once, within the call or later. The callback is valid as
// long as the AdminServer, even if the client has left meanwhile.
class AdminBackend {
 public:
  template <typename T>
  using Answer = std::function<void(T)>;

  virtual ~AdminBackend() = default;

  // In the format that the client prefers.
  virtual PageReply metricsPage(const PageRequest& request) = 0;
  virtual Health health() = 0;
  virtual std::string configText() = 0;  // the expanded configuration as TOML, without secrets
  virtual void upstreams(Answer<UpstreamStates> answer) = 0;
  // One upstream; none if there is no such.
  virtual void upstream(std::string_view name, Answer<UpstreamStates> answer) = 0;
  virtual void listeners(Answer<std::vector<ListenerState>> answer) = 0;
  virtual void explain(const ExplainQuery& query, Answer<Explanation> answer) = 0;
  virtual void errorsPage(const PageRequest& request, Answer<PageReply> answer) = 0;
  virtual void tapPage(const PageRequest& request, Answer<PageReply> answer) = 0;
  virtual log::Level logLevel() = 0;
  // The pages with the data of the dashboard: /overview and others.
  virtual PageReply dashboard(const PageRequest& request) = 0;

  virtual void reload(Answer<ReloadOutcome> answer) = 0;
  virtual void drain() = 0;
  virtual void setLogLevel(log::Level level) = 0;
};

}  // namespace weir::admin
