#include "core/server/plan_builder.h"

#include <algorithm>
#include <sys/resource.h>

#include "core/route/compile.h"
#include "core/server/tcp_plan.h"
#include "core/server/warnings.h"

namespace weir::server {
namespace {

using namespace std::chrono_literals;

// Descriptors for everything that is no client's connection.
constexpr std::uint64_t kReservedDescriptors = 64;

// What one client may cost: its own socket, and one to an upstream.
std::uint64_t connectionsThatFit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 0;
  return limit.rlim_cur > 2 * kReservedDescriptors ? (limit.rlim_cur - kReservedDescriptors) / 2
                                                   : kReservedDescriptors;
}

Result<net::Address> bindAddress(const config::Address& address) {
  if (address.isUnix()) return net::Address::unixPath(address.unix_path);
  if (address.host.empty()) return net::Address(net::Ip::v4({0, 0, 0, 0}), address.port);
  WEIR_TRY(const net::Ip ip, net::Ip::parse(address.host));
  return net::Address(ip, address.port);
}

proxy::ClientCertRule clientCertRule(ClientCertMode mode) {
  switch (mode) {
    case ClientCertMode::kSanitize:
      return {};
    case ClientCertMode::kForward:
      return {.keep_from_peers = true};
    case ClientCertMode::kAppend:
      return {.keep_from_peers = true, .tell = true};
    case ClientCertMode::kSet:
      return {.tell = true};
    case ClientCertMode::kAlwaysForward:
      return {.keep_from_all = true};
  }
  return {};
}

// What two listeners cannot have in common.
void compareListeners(const proxy::ListenerPlan& made, const proxy::ListenerPlan& other,
                      const ListenerSettings& settings, config::Mistakes& mistakes) {
  if (other.id == made.id) {
    return mistakes.add({settings.place,
                         settings.path + ".name",
                         "the name \"" + std::string(made.name) + "\" is taken",
                         {}});
  }
  // Port 0 is a free one, another each time.
  if (other.address != made.address) return;
  if (!made.address.isUnix() && made.address.port() == 0) return;
  mistakes.add({settings.place,
                settings.path + ".address",
                "the address is that of listener \"" + std::string(other.name) + "\"",
                {}});
}

}  // namespace

proxy::Defaults defaultsFor(Role role) {
  proxy::Defaults defaults;
  const bool gateway = role == Role::kGateway;
  defaults.response_timeout = gateway ? Milliseconds(30s) : Milliseconds(0);
  defaults.idle_timeout = 5min;
  defaults.retry.attempts = 1;
  const auto allow = [&](route::RetryOn failure) {
    defaults.retry.failures.set(static_cast<std::size_t>(failure));
  };
  allow(route::RetryOn::kConnectFailure);
  allow(route::RetryOn::kRefusedStream);
  if (!gateway) allow(route::RetryOn::kReset);  // of idempotent requests, before a response
  return defaults;
}

std::shared_ptr<const proxy::Plan> PlanBuilder::build(const Settings& settings,
                                                      const proxy::Plan* previous,
                                                      config::Mistakes& mistakes) {
  auto plan = std::make_shared<proxy::Plan>();
  plan->role = settings.role == Role::kGateway ? "gateway" : "sidecar";
  plan->defaults = defaultsFor(settings.role);
  plan->refuse_connections_at = settings.overload.threshold(settings.overload.refuse_connections);
  plan->reset_streams_at = settings.overload.threshold(settings.overload.reset_streams);
  plan->max_connections =
      settings.max_connections > 0 ? settings.max_connections : connectionsThatFit();
  addListeners(settings, *plan, mistakes);
  addClusters(settings, previous, *plan, mistakes);
  addRoutes(settings, *plan, mistakes);
  if (!mistakes.empty()) {
    tls_.certificates().rollBack();
    return nullptr;
  }
  addWarnings(settings, *plan, mistakes);
  tls_.certificates().commit();
  plan->generation = ++generation_;
  return plan;
}

void PlanBuilder::addListeners(const Settings& settings, proxy::Plan& plan,
                               config::Mistakes& mistakes) {
  for (const ListenerSettings& each : settings.listeners) {
    if (!each.clean) continue;  // what is wrong with it has been said
    auto made = listener(each, settings, mistakes);
    if (made == nullptr) continue;
    for (const auto& other : plan.listeners) compareListeners(*made, *other, each, mistakes);
    plan.listeners.push_back(std::move(made));
  }
}

std::shared_ptr<const proxy::ListenerPlan> PlanBuilder::listener(const ListenerSettings& settings,
                                                                 const Settings& all,
                                                                 config::Mistakes& mistakes) {
  const bool gateway = all.role == Role::kGateway;
  auto plan = std::make_shared<proxy::ListenerPlan>();
  const auto address = bindAddress(settings.address);
  if (!address.ok()) {
    mistakes.add({settings.place,
                  settings.path + ".address",
                  "needs an IP address to listen on, not a name",
                  {}});
    return nullptr;
  }
  plan->address = address.value();
  if (settings.socket_mode) plan->socket_mode = settings.socket_mode->bits;
  plan->id = names_.intern(settings.name);
  plan->name = names_.name(plan->id);
  plan->header_timeout =
      settings.header_timeout.value_or(gateway ? Milliseconds(10s) : Milliseconds(0));
  plan->idle_timeout =
      settings.idle_timeout.value_or(gateway ? Milliseconds(75s) : Milliseconds(1h));
  plan->max_connection_age = settings.max_connection_age;
  plan->limits.head_bytes = static_cast<std::uint32_t>(
      settings.max_header_size.value_or(config::Size{(gateway ? 32U : 60U) * 1024U}).bytes);
  plan->limits.target_bytes = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(plan->limits.head_bytes, settings.max_target_size.bytes));
  plan->limits.headers = settings.max_headers.value_or(gateway ? 100 : 200);
  plan->versions = versionsOf(settings.protocol).value_or(http::VersionChoice::kAuto);
  plan->http2 = settings.http2.options(plan->limits);
  plan->http2.send_timeout = settings.send_timeout;
  plan->max_connections = settings.max_connections;
  plan->trusted = settings.trusted;
  plan->forwarded = settings.forwarded.value_or(gateway ? proxy::ForwardedMode::kAppend
                                                        : proxy::ForwardedMode::kPreserve);
  plan->client_cert = clientCertRule(settings.forwarded_client_cert);
  plan->proxy_protocol = settings.proxy_protocol;
  plan->proxy_protocol_from = settings.proxy_protocol_from;
  plan->proxy_protocol_timeout = settings.proxy_protocol_timeout;
  plan->reject_underscores =
      settings.underscores.value_or(gateway ? Underscores::kReject : Underscores::kPass) ==
      Underscores::kReject;
  plan->path_rules.reserved_escapes = settings.escaped_slashes.value_or(
      gateway ? route::ReservedEscapes::kReject : route::ReservedEscapes::kKeep);
  plan->path_rules.merge_slashes = settings.merge_slashes.value_or(gateway);
  plan->allow_connect = settings.connect;
  plan->allow_trace = settings.trace.value_or(!gateway);
  plan->keep_request_id =
      settings.request_id.value_or(gateway ? RequestIds::kReplace : RequestIds::kKeep) ==
      RequestIds::kKeep;
  plan->reason_header = settings.reason_header;
  if (settings.tls) {
    plan->tls = tls_.server(*settings.tls, versionsOf(settings.protocol),
                            counts_.handshakes(plan->id), mistakes);
    for (const std::string& each : settings.tls->client_names) {
      plan->peer_names.push_back(names_.intern(each));
    }
  }
  addTcp(settings, {all.upstreams, names_}, *plan, mistakes);
  return plan;
}

void PlanBuilder::addClusters(const Settings& settings, const proxy::Plan* previous,
                              proxy::Plan& plan, config::Mistakes& mistakes) {
  plan.clusters.reserve(settings.upstreams.size());
  for (const auto& [name, each] : settings.upstreams) {
    if (!each.clean) continue;
    auto made = cluster(name, each, plan, mistakes);
    if (made == nullptr) continue;
    // The same settings: the same object, so that workers need not even look at it.
    const auto* before = previous == nullptr ? nullptr : previous->cluster(made->id);
    const bool unchanged = before != nullptr && (*before)->options == made->options &&
                           (*before)->balancer == made->balancer && made->tls == nullptr &&
                           (*before)->tls == nullptr &&
                           (*before)->discovery->identity() == made->discovery->identity();
    plan.clusters.push_back(unchanged ? *before : made);
  }
  std::sort(plan.clusters.begin(), plan.clusters.end(),
            [](const auto& left, const auto& right) { return left->id < right->id; });
}

std::shared_ptr<const upstream::ClusterPlan> PlanBuilder::cluster(const std::string& name,
                                                                  const UpstreamSettings& settings,
                                                                  const proxy::Plan& plan,
                                                                  config::Mistakes& mistakes) {
  auto made = std::make_shared<upstream::ClusterPlan>();
  made->balancer = registry_.balancer(settings.balancer);
  made->balancer_name = names_.name(names_.intern(settings.balancer));
  if (made->balancer == nullptr) {
    std::string known;
    for (const std::string_view each : registry_.balancerNames()) {
      known += (known.empty() ? "" : ", ") + std::string(each);
    }
    mistakes.add({settings.place,
                  "upstream." + name + ".balancer",
                  "there is no balancer \"" + settings.balancer + "\"; there are " + known,
                  {}});
  }
  if (settings.discovery.made()) made->discovery = registry_.discovery(settings.discovery);
  if (made->balancer == nullptr || made->discovery == nullptr) return nullptr;
  made->id = names_.intern(name);
  made->name = names_.name(made->id);
  made->options.connect_timeout = settings.connect_timeout;
  made->options.idle_timeout = settings.idle_timeout;
  made->options.max_connection_age = settings.max_connection_age;
  made->options.max_connections = settings.max_connections;
  made->options.max_pending = settings.max_pending;
  made->options.queue_timeout = settings.queue_timeout;
  made->options.protocol = settings.protocol;
  made->options.proxy_protocol = settings.proxy_protocol;
  made->options.http2 = settings.http2.options(
      {.head_bytes = static_cast<std::uint32_t>(settings.max_header_size.bytes),
       .target_bytes = 0,
       .headers = settings.max_headers});
  made->connections = &counts_.cluster(made->id);
  made->failures = &counts_.failures(made->id);
  if (settings.tls) {
    made->tls =
        tls_.client(*settings.tls, settings.protocol, made->discovery->hostName(), mistakes);
    const bool carries = made->tls != nullptr && isCarriedTo(plan, made->id);
    if (carries) made->tunnel_tls = withoutProtocols(*made->tls);
  }
  return made;
}

void PlanBuilder::addRoutes(const Settings& settings, proxy::Plan& plan,
                            config::Mistakes& mistakes) {
  std::vector<std::string> upstreams;
  for (const auto& [name, each] : settings.upstreams) upstreams.push_back(name);
  std::vector<std::string> listeners;
  for (const ListenerSettings& each : settings.listeners) listeners.push_back(each.name);
  checkRoutes(settings, mistakes);
  plan.routes = route::compileRoutes(settings.routes, {names_, upstreams, listeners}, mistakes);
  if (!mistakes.empty()) return;
  for (const route::RouteSettings& each : settings.routes) {
    plan.chains.push_back(registry_.filters().chain(each.filters, names_));
  }
}

}  // namespace weir::server
