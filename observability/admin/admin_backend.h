#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/config/diagnostics.h"

namespace weir::admin {

// Whether the process should be restarted (not live) or sent traffic (ready).
struct Health {
  bool live = true;
  bool ready = true;
  std::string why = {};  // of what it is not
};

struct EndpointState {
  std::string address = {};
  std::uint32_t weight = 1;
  std::string zone = {};        // often empty
  std::uint64_t in_flight = 0;  // here and below: of all workers
};

struct UpstreamState {
  std::string name = {};
  std::string discovery = {};  // its kind: "static", "dns" ...
  std::string balancer = {};
  bool known = true;         // the discovery has answered once
  bool stale = false;        // what it answered may no longer hold
  std::string failure = {};  // of the latest question; empty when it was answered
  std::uint64_t connections = 0;
  std::uint64_t idle_connections = 0;
  std::uint64_t max_connections = 0;  // 0: no limit
  std::vector<EndpointState> endpoints = {};
};

struct UpstreamStates {
  std::vector<UpstreamState> upstreams = {};
  std::size_t silent_workers = 0;  // did not answer in time: their part is missing
};

struct ListenerState {
  std::string name = {};
  std::string address = {};  // with the port that was taken
  bool accepting = true;
  std::uint64_t connections = 0;
  std::uint64_t max_connections = 0;  // 0: no limit
};

// A request that somebody wonders about. All text is foreign.
struct ExplainQuery {
  std::string method = "GET";
  std::string host = {};
  std::string path = "/";  // may have a query: "/a?b=c"
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string listener = {};  // its name; empty: the first one
  std::string source = {};    // IP address of the client; empty: none
};

struct ExplainedRoute {
  std::string name = {};
  std::string outcome = {};  // "taken", "less_specific", "method" ...
  std::string match = {};    // "*.example.com prefix /users"
  std::string action = {};   // "forward to orders"
  std::string why = {};
};

struct Explanation {
  std::string mistake = {};   // of a question that makes no sense; then the rest is empty
  std::string listener = {};  // through which the request came
  std::string path = {};      // in the form in which it is matched, without the query
  std::string refusal = {};   // why the request is answered without looking for a route
  std::vector<ExplainedRoute> routes = {};  // in the order of precedence
};

struct ReloadOutcome {
  bool applied = false;
  std::uint64_t generation = 0;            // of the plan that holds now
  config::Diagnostics diagnostics = {};    // when it was not applied
  std::vector<std::string> warnings = {};  // what is hardly meant
  std::vector<std::string> notes = {};     // what of it takes a restart
};

// What the admin pages ask of the running process, and what they do to it. Implemented by the
// composition root.
//
// Thread: the control thread, where answers are given too. No call waits for a worker: what only
// workers know is answered by a callback, called once, at once or later. It holds as long as the
// AdminServer; a client that left meanwhile is the server's concern.
class AdminBackend {
 public:
  template <typename T>
  using Answer = std::function<void(T)>;

  virtual ~AdminBackend() = default;

  virtual std::string metricsPage() = 0;  // text format 0.0.4
  virtual Health health() = 0;
  virtual std::string configText() = 0;  // the expanded configuration as TOML, without secrets
  virtual void upstreams(Answer<UpstreamStates> answer) = 0;
  virtual void listeners(Answer<std::vector<ListenerState>> answer) = 0;
  virtual Explanation explain(const ExplainQuery& query) = 0;
  virtual log::Level logLevel() = 0;

  virtual void reload(Answer<ReloadOutcome> answer) = 0;
  virtual void drain() = 0;
  virtual void setLogLevel(log::Level level) = 0;
};

}  // namespace weir::admin
