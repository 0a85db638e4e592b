#include "mesh/health/one_endpoint.h"

#include <utility>

#include "core/net/proxy_protocol_writer.h"
#include "core/upstream/dialed_stream.h"

namespace weir::mesh::health {
namespace {

// Of the only member.
class OnlyMember final : public upstream::Balancer {
 public:
  void setMembers(std::span<upstream::Member* const> members) override {
    member_ = members.empty() ? nullptr : members.front();
  }
  upstream::Member* pick(const upstream::Pick&) override { return member_; }

 private:
  upstream::Member* member_ = nullptr;
};

upstream::SharedEndpoints alone(upstream::Endpoint endpoint) {
  // Checked whatever discovery says about its use.
  endpoint.weight = 1;
  endpoint.draining = false;
  upstream::EndpointSet set;
  set.endpoints.push_back(std::move(endpoint));
  return std::make_shared<const upstream::EndpointSet>(std::move(set));
}

// Names no client: the connection is weir's own.
std::string headerOfCheck(net::ProxyVersion version) {
  const net::Address none;
  return net::proxyHeader(version, {none, none, {}, {}, {}});
}

}  // namespace

upstream::BalancerFactory onlyMember() {
  return [](const upstream::BalancerTools&) { return std::make_unique<OnlyMember>(); };
}

upstream::SharedClusterPlan planOfChecks(const upstream::ClusterPlan& cluster,
                                         CheckCommons& commons) {
  auto plan = std::make_shared<upstream::ClusterPlan>(cluster);
  plan->balancer = onlyMember();
  plan->guards.clear();
  plan->options.guards.clear();
  plan->options.max_connections = 0;
  plan->options.max_requests = 0;
  plan->options.connect_timeout = cluster.options.health_check->timeout;
  plan->connections = &commons.connections;
  plan->counts = &commons.counts;
  plan->retry_tokens = &commons.retry_tokens;
  plan->failures = nullptr;  // the result of the check says it
  return plan;
}

OneEndpoint::OneEndpoint(CheckCommons& commons, const upstream::SharedClusterPlan& plan,
                         const upstream::Endpoint& endpoint)
    : commons_(commons),
      cluster_({commons.loop, commons.connector, commons.random, commons.cells}, plan),
      client_({commons.loop, [this](NameId) { return &cluster_; }}) {
  cluster_.setEndpoints(alone(endpoint));
  cluster_.closeIdle();  // from now on, each connection serves one check
}

Result<std::unique_ptr<net::Stream>> OneEndpoint::dial() {
  return upstream::DialedStream::dial(commons_.loop, cluster_, nullptr,
                                      headerOfCheck(cluster_.plan().options.proxy_protocol));
}

}  // namespace weir::mesh::health
