#include "core/server/plan_builder.h"

#include <sys/resource.h>

#include "core/base/check.h"
#include "core/config/settings.h"
#include "core/event/processors.h"
#include "core/filter/chain_builder.h"
#include "core/filter/references.h"
#include "core/proxy/plain_http_reply.h"
#include "core/proxy/plan.h"
#include "core/proxy/tcp_plan.h"
#include "core/route/compile.h"
#include "core/server/listener_filters.h"
#include "core/server/listener_policies.h"
#include "core/server/upstream_needs.h"
#include "core/server/warnings.h"
#include "core/tls/terms_loader.h"
#include "core/upstream/virtual_addresses.h"

namespace weir::server {
namespace {

// Descriptors reserved for purposes other than client connections.
constexpr std::uint64_t kReservedDescriptors = 64;

// Each client may need two descriptors: its own connection, and one to an upstream.
std::uint64_t connectionsThatFit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 0;
  return limit.rlim_cur > 2 * kReservedDescriptors ? (limit.rlim_cur - kReservedDescriptors) / 2
                                                   : kReservedDescriptors;
}

Result<net::Address> bindAddress(const config::Address& address) {
  if (address.isUnix()) return net::Address::unixPath(address.unix_path);
  if (address.host.empty()) return net::Address(IpAddress::v4({0, 0, 0, 0}), address.port);
  WEIR_TRY(const IpAddress ip, IpAddress::parse(address.host));
  return net::Address(ip, address.port);
}

// Rejects a name or an address that two listeners have in common.
void compareListeners(const proxy::ListenerPlan& made, const proxy::ListenerPlan& other,
                      config::Diagnostics& diagnostics) {
  if (other.id == made.id) {
    return diagnostics.add({made.origin.location,
                            made.origin.path + ".name",
                            "the name \"" + made.name + "\" is taken",
                            {}});
  }
  // Port 0 chooses a different free port each time.
  if (other.address != made.address) return;
  if (!made.address.isUnix() && made.address.port() == 0) return;
  diagnostics.add({made.origin.location,
                   made.origin.path + ".address",
                   "the address is already used by listener \"" + other.name + "\"",
                   {}});
}

void addVirtualAddresses(const upstream::ClusterPlan& cluster, proxy::Plan& plan,
                         config::Diagnostics& diagnostics) {
  for (const std::string& text : cluster.options.addresses) {
    const auto address = upstream::parseVirtualAddress(text);
    if (!address || plan.virtual_addresses.add(*address, cluster.id)) continue;
    diagnostics.add({cluster.options.origin.location,
                     cluster.options.origin.path + ".addresses",
                     "another upstream has the address " + text,
                     {}});
  }
}

void addRouteFilters(const Settings& settings, filter::ChainBuilder& builder, proxy::Plan& plan,
                     config::Diagnostics& diagnostics) {
  plan.chains.reserve(settings.routes.size());
  for (const route::RouteSettings& each : settings.routes) {
    plan.chains.push_back(builder.chain(each.filters, diagnostics));
  }
  checkLeftOut(settings, diagnostics);
}

}  // namespace

PlanBuilder::PlanBuilder(const Registry& registry, NameTable& names, Counts& counts)
    : registry_(registry),
      names_(names),
      counts_(counts),
      tls_(std::make_unique<tls::TermsLoader>()),
      filters_(registry.filters()) {}

PlanBuilder::~PlanBuilder() = default;

void PlanBuilder::setWorkload(std::shared_ptr<const tls::WorkloadIdentity> workload) {
  tls_->setWorkload(std::move(workload));
}

tls::Refreshes PlanBuilder::takeRefreshes() { return tls_->certificates().takeRefreshes(); }

std::shared_ptr<const proxy::Plan> PlanBuilder::build(const Settings& settings,
                                                      const proxy::Plan* previous,
                                                      config::Diagnostics& diagnostics) {
  auto plan = std::make_shared<proxy::Plan>();
  plan->role = config::nameOf(settings.role);
  plan->defaults = proxy::Defaults::of(settings.role);
  plan->refuse_connections_at = settings.overload.threshold(settings.overload.refuse_connections);
  plan->reset_streams_at = settings.overload.threshold(settings.overload.reset_streams);
  plan->max_connections =
      settings.max_connections > 0 ? settings.max_connections : connectionsThatFit();
  addClusters(settings.upstreams, settings, previous, *plan, diagnostics);
  std::vector<std::string> upstreams;
  for (const auto& [name, each] : settings.upstreams) upstreams.push_back(name);
  filter::References references(std::move(upstreams), names_);
  for (const OwnCall& each : settings.own_calls) references.target(each.target, diagnostics);
  addRoutes(settings, references, *plan, diagnostics);
  filters_.dropUnused();
  filter::ChainBuilder builder(filters_, references, names_);
  builder.define(settings.filters, diagnostics);
  addRouteFilters(settings, builder, *plan, diagnostics);
  addListeners(settings, previous, builder, *plan, diagnostics);
  plan->lasting_filters = builder.lasting();
  plan->filter_fields = builder.requestFields();
  plan->longest_chain = builder.longest();
  addUrlClusters(settings, references, previous, *plan, diagnostics);
  checkOwnCalls(settings.own_calls, plan->clusters, diagnostics);
  if (!diagnostics.empty()) {
    tls_->certificates().rollBack();
    return nullptr;
  }
  addWarnings(settings, *plan, references.used(), diagnostics);
  tls_->certificates().commit();
  plan->generation = ++generation_;
  return plan;
}

void PlanBuilder::addListeners(const Settings& settings, const proxy::Plan* previous,
                               filter::ChainBuilder& builder, proxy::Plan& plan,
                               config::Diagnostics& diagnostics) {
  checkPolicies(settings, diagnostics);
  for (const proxy::ListenerOptions& each : settings.listeners) {
    if (!each.origin.clean) continue;  // its errors have been reported
    auto made = listener(each, settings, diagnostics);
    if (made == nullptr) continue;
    made->authorize = policiesFor(settings, *made, previous, names_);
    addListenerFilters(settings, plan, builder, *made, diagnostics);
    for (const auto& other : plan.listeners) compareListeners(*made, *other, diagnostics);
    plan.listeners.push_back(std::move(made));
  }
}

std::unique_ptr<proxy::ListenerPlan> PlanBuilder::listener(const proxy::ListenerOptions& options,
                                                           const Settings& all,
                                                           config::Diagnostics& diagnostics) {
  const auto address = bindAddress(options.listen_on);
  if (!address.ok()) {
    diagnostics.add({options.origin.location,
                     options.origin.path + ".address",
                     "needs an IP address to listen on, not a name",
                     {}});
    return nullptr;
  }
  proxy::ListenerOptions settled = options;
  config::settle(settled, all.role);
  auto plan = std::make_unique<proxy::ListenerPlan>(std::move(settled));
  plan->address = address.value();
  plan->id = names_.intern(plan->name);
  if (plan->tls_options) {
    tls::TermsLoader::Listener listener{{}, {}, counts_.handshakes(plan->id)};
    if (!plan->tcp) listener.protocols = http::alpnOf(plan->versions);
    if (!plan->tcp) listener.plain_http_reply = proxy::kPlainHttpReply;
    plan->tls = tls_->server(*plan->tls_options, std::move(listener), diagnostics);
    // Those of the terms: the names of a node's own trust domain are not in the options.
    const std::vector<std::string> none;
    const auto& names = plan->tls == nullptr ? none : plan->tls->options().client_names;
    for (const std::string& each : names) plan->peer_names.push_back(names_.intern(each));
  }
  proxy::addTcp({all.upstreams, names_}, *plan, diagnostics);
  return plan;
}

void PlanBuilder::addClusters(const NamedOptions& upstreams, const Settings& all,
                              const proxy::Plan* previous, proxy::Plan& plan,
                              config::Diagnostics& diagnostics) {
  std::vector<upstream::SharedClusterPlan> clusters(plan.clusters.begin(), plan.clusters.end());
  clusters.reserve(clusters.size() + upstreams.size());
  for (const auto& [name, each] : upstreams) {
    if (!each.origin.clean) continue;
    upstream::ClusterOptions settled = each;
    config::settle(settled, all.role);
    auto made = cluster(name, settled, all, diagnostics);
    if (made == nullptr) continue;
    // The same settings: the same object, so that workers need not examine it.
    const auto* before = previous == nullptr ? nullptr : previous->cluster(made->id);
    const bool unchanged = before != nullptr && (*before)->options == made->options &&
                           made->tls == nullptr && (*before)->tls == nullptr &&
                           (*before)->discovery->identity() == made->discovery->identity();
    clusters.push_back(unchanged ? *before : made);
    addVirtualAddresses(*made, plan, diagnostics);
  }
  plan.clusters = upstream::ClusterPlans(std::move(clusters));
}

// Adds the upstreams for URLs to which calls of weir's own are sent.
void PlanBuilder::addUrlClusters(const Settings& settings, const filter::References& references,
                                 const proxy::Plan* previous, proxy::Plan& plan,
                                 config::Diagnostics& diagnostics) {
  std::vector<http::Target> targets = references.urls();
  for (const auto& cluster : plan.clusters) {
    for (http::Target& each : cluster->discovery->needs()) targets.push_back(std::move(each));
  }
  addClusters(upstreamsForUrls(targets, settings.upstreams, registry_.extensions(), diagnostics),
              settings, previous, plan, diagnostics);
  checkUpstreamNeeds(plan.clusters, diagnostics);
}

std::shared_ptr<const upstream::ClusterPlan> PlanBuilder::cluster(
    const std::string& name, const upstream::ClusterOptions& options, const Settings& all,
    config::Diagnostics& diagnostics) {
  auto made = std::make_shared<upstream::ClusterPlan>();
  made->role = all.role;
  made->workers = all.workers.value_or(event::processors());
  made->options = options;
  made->balancer = registry_.balancer(options.balancer);
  WEIR_CHECK(made->balancer != nullptr);
  made->guards = registry_.guards(options.guards);
  made->discovery = registry_.discovery(options.discovery);
  if (made->discovery == nullptr) return nullptr;
  made->discovery_kind = names_.intern(options.discovery.kind());
  made->id = names_.intern(name);
  made->name = names_.name(made->id);
  made->connections = &counts_.cluster(made->id);
  made->counts = &counts_.requests(made->id);
  made->retry_tokens = &counts_.retryTokens(made->id);
  made->failures = &counts_.failures(made->id);
  if (options.tls) {
    made->tls = tls_->client(
        *options.tls, {http::alpnOf(options.protocol), made->discovery->hostName()}, diagnostics);
  }
  return made;
}

void PlanBuilder::addRoutes(const Settings& settings, const filter::References& references,
                            proxy::Plan& plan, config::Diagnostics& diagnostics) {
  std::vector<std::string> listeners;
  for (const auto& each : settings.listeners) listeners.push_back(each.name);
  proxy::checkRoutes(settings.routes, settings.upstreams, diagnostics);
  plan.routes = route::compileRoutes(settings.routes, {names_, references.upstreams(), listeners},
                                     diagnostics);
}

}  // namespace weir::server
