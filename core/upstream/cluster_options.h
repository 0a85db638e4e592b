#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/config/chosen.h"
#include "core/config/diagnostics.h"
#include "core/config/role.h"
#include "core/config/units.h"
#include "core/http/h2/options.h"
#include "core/http/version_choice.h"
#include "core/net/proxy_protocol_writer.h"
#include "core/tls/client_options.h"
#include "core/upstream/health_check_options.h"
#include "core/upstream/outcome.h"
#include "core/upstream/retry_budget.h"
#include "core/upstream/slow_start.h"

namespace weir::config {
class Table;
}

namespace weir::upstream {

// [upstream.NAME]
struct ClusterOptions {
  // Of connections, by default: at least so many, and for each endpoint and worker so many.
  static constexpr std::uint64_t kLeastConnections = 1024;
  static constexpr std::uint64_t kConnectionsEach = 4;

  config::Selected discovery;
  std::vector<std::string> addresses;  // virtual ones, see parseVirtualAddress()
  // Until discovery's report that there are no endpoints is accepted; empty: never.
  std::optional<Milliseconds> empty_hold{10'000};
  config::Selected balancer{"peak_ewma", nullptr, {}};
  std::vector<config::Selected> guards;
  std::optional<HealthCheckOptions> health_check;
  config::ByRole<config::Percent> panic_threshold{config::Percent{0}, config::Percent{50}};
  config::Percent overprovisioning{140};
  std::optional<SlowStartOptions> slow_start;
  Milliseconds connect_timeout{5'000};
  Milliseconds idle_timeout{60'000};   // of an idle connection
  Milliseconds max_connection_age{0};  // after which a connection takes no new request; 0: none
  // Limits of the whole process.
  std::optional<std::uint32_t> max_connections;  // 0: none; empty: ClusterPlan::connectionLimit()
  std::uint32_t max_requests = 0;                // attempts in flight; 0: no limit
  std::uint32_t max_pending = 1024;              // attempts that wait for a connection
  Milliseconds queue_timeout{3'000};             // the limit of their wait
  std::uint32_t max_retries = 0;                 // requests that are being retried; 0: no limit
  std::vector<std::string> failures = defaultFailures();  // words of http::StatusSet
  http::StatusSet failure_statuses = failuresOf(failures);
  RetryBudgetOptions retry_budget;
  std::optional<tls::ClientOptions> tls;
  std::optional<std::string> identity;
  http::VersionChoice protocol = http::VersionChoice::kAuto;
  http::h2::ClientOptions http2;  // its limits apply to responses of any version
  net::ProxyVersion proxy_protocol = net::ProxyVersion::kNone;  // for tunnels: precedes all bytes
  config::Origin origin;
  config::Origin discovery_origin;

  // Whether its endpoints can be asked by HTTP/2: by choice, or because TLS negotiates it.
  bool speaksHttp2() const;

  static void read(config::Table& table, ClusterOptions& out);
  friend bool operator==(const ClusterOptions&, const ClusterOptions&) = default;
};

}  // namespace weir::upstream
