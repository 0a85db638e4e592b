#include "observability/dashboard/topology.h"

#include <map>
#include <utility>
#include <variant>

#include "core/base/arena.h"
#include "core/filter/chain.h"
#include "core/http/message.h"
#include "core/proxy/plan.h"
#include "core/tls/certificate.h"
#include "core/tls/client_config.h"

namespace weir::dashboard {
namespace {

constexpr std::size_t kTopologyBlock = 4096;

std::string_view wordOf(tls::Certificate::KeyType type) {
  switch (type) {
    case tls::Certificate::KeyType::kEcdsa:
      return "ECDSA";
    case tls::Certificate::KeyType::kRsa:
      return "RSA";
    case tls::Certificate::KeyType::kEd25519:
      return "Ed25519";
  }
  return {};
}

std::vector<std::string_view> namesOf(const filter::Chain* chain) {
  std::vector<std::string_view> names;
  if (chain == nullptr) return names;
  for (const filter::Link& link : *chain) names.push_back(link.name);
  return names;
}

std::string actionOf(const route::Action& action) {
  if (const auto* redirect = std::get_if<std::unique_ptr<const route::Redirect>>(&action)) {
    return "redirect " + std::to_string((*redirect)->status());
  }
  if (const auto* respond = std::get_if<std::unique_ptr<const route::Respond>>(&action)) {
    return "respond " + std::to_string((*respond)->status);
  }
  return "forward";
}

std::vector<Topology::Target> targetsOf(const route::Route& route) {
  std::vector<Topology::Target> targets;
  if (const auto* forward = std::get_if<route::Forward>(&route.action)) {
    const auto& split = forward->targets();
    const auto whole = static_cast<double>(split.empty() ? 0 : split.back().weight_end);
    std::uint64_t before = 0;
    for (const route::Target& target : split) {
      const auto weight =
          static_cast<double>(target.weight_end - std::exchange(before, target.weight_end));
      targets.push_back({target.cluster, whole > 0 ? weight / whole : 0, false});
    }
  }
  for (const route::Mirror& mirror : route.mirrors) {
    targets.push_back({mirror.cluster, mirror.per_million / 1e6, true});
  }
  return targets;
}

// The conditions of every route in words: a request that matches none of them by its host and path
// is explained with all.
std::vector<std::string> matchesOf(const route::RouteTable& table) {
  std::vector<std::string> matches(table.routes().size());
  BlockPool pool(kTopologyBlock);
  Arena arena(pool);
  http::Request request(arena);
  request.path = "/";
  for (route::Considered& each : table.explain(request, {}, matches.size())) {
    matches[each.route->index] = std::move(each.match);
  }
  return matches;
}

void addListeners(const proxy::Plan& plan, Topology& topology) {
  for (const auto& listener : plan.listeners) {
    topology.listeners.push_back(
        {.id = listener->id,
         .name = listener->name,
         .address = listener->address.text(),
         .tls = listener->tls != nullptr,
         .mutual = listener->tls != nullptr && listener->tls->options().clients != nullptr,
         .tcp = listener->tcp,
         .upstream = listener->upstream,
         .filters = namesOf(listener->early_filters.get())});
  }
}

void addUpstreams(const proxy::Plan& plan, Topology& topology) {
  for (const auto& cluster : plan.clusters) {
    topology.upstream_places.emplace(cluster->id, topology.upstreams.size());
    topology.upstreams.push_back(
        {.id = cluster->id,
         .name = cluster->name,
         .discovery = cluster->options.discovery.kind(),
         .balancer = cluster->options.balancer.kind(),
         .tls = cluster->tls != nullptr,
         .mutual = cluster->tls != nullptr && cluster->tls->options().own != nullptr});
  }
}

void addRoutes(const proxy::Plan& plan, Topology& topology) {
  std::vector<std::string> matches = matchesOf(plan.routes);
  for (const route::Route& route : plan.routes.routes()) {
    const filter::Chain* chain =
        route.index < plan.chains.size() ? plan.chains[route.index].get() : nullptr;
    topology.routes.push_back({.id = route.id,
                               .name = route.name,
                               .match = std::move(matches[route.index]),
                               .action = actionOf(route.action),
                               .filters = namesOf(chain),
                               .targets = targetsOf(route)});
  }
}

void addCertificates(const proxy::Plan& plan, Topology& topology) {
  std::map<const tls::Certificate*, std::size_t> places;
  const auto add = [&](const tls::Certificate& certificate, std::string user) {
    const auto [found, added] = places.try_emplace(&certificate, topology.certificates.size());
    if (added) {
      std::vector<std::string> names = certificate.names();
      names.insert(names.end(), certificate.addresses().begin(), certificate.addresses().end());
      topology.certificates.push_back({.source = certificate.source(),
                                       .subject = certificate.subject(),
                                       .issuer = certificate.issuer(),
                                       .key_type = wordOf(certificate.keyType()),
                                       .identity = std::string(certificate.identity()),
                                       .names = std::move(names),
                                       .not_before = certificate.notBefore(),
                                       .not_after = certificate.notAfter()});
    }
    topology.certificates[found->second].used_by.push_back(std::move(user));
  };
  for (const auto& listener : plan.listeners) {
    if (listener->tls == nullptr) continue;
    for (const auto& certificate : listener->tls->certificates().all()) {
      add(*certificate, "listener " + listener->name);
    }
  }
  for (const auto& cluster : plan.clusters) {
    if (cluster->tls == nullptr || cluster->tls->options().own == nullptr) continue;
    add(*cluster->tls->options().own, "upstream " + std::string(cluster->name));
  }
}

void countUsers(Topology& topology) {
  const auto use = [&topology](NameId id) {
    const auto found = topology.upstream_places.find(id);
    if (found != topology.upstream_places.end()) ++topology.upstreams[found->second].users;
  };
  for (const Topology::Route& route : topology.routes) {
    for (const Topology::Target& target : route.targets) use(target.upstream);
  }
  for (const Topology::Listener& listener : topology.listeners) {
    if (listener.upstream != 0) use(listener.upstream);
  }
}

}  // namespace

Topology Topology::of(const proxy::Plan& plan) {
  Topology topology;
  topology.generation = plan.generation;
  topology.role = plan.role;
  addListeners(plan, topology);
  addUpstreams(plan, topology);
  addRoutes(plan, topology);
  addCertificates(plan, topology);
  countUsers(topology);
  return topology;
}

const Topology::Upstream* Topology::upstream(NameId id) const {
  const auto found = upstream_places.find(id);
  return found == upstream_places.end() ? nullptr : &upstreams[found->second];
}

}  // namespace weir::dashboard
