#include "core/proxy/exchange.h"
#include "core/route/affinity.h"

// The upstream and the endpoint to which a request belongs by its session or its key.
namespace weir::proxy {

std::optional<NameId> Exchange::chooseCluster() {
  const auto& forward = std::get<route::Forward>(route_->action);
  const route::Affinity* const affinity = route_->affinity.get();
  if (affinity == nullptr) return forward.pick(engine_.random());
  if (const auto cluster = clusterOfSession(forward)) return cluster;
  if (affinity->split_on != nullptr) {
    if (const auto key = affinity->split_on->of(variables(), arena_)) return forward.pick(*key);
  }
  return forward.pick(engine_.random());
}

// An upstream whose weight is 0 keeps its sessions.
std::optional<NameId> Exchange::clusterOfSession(const route::Forward& forward) {
  const route::Persistence* const persistence = route_->affinity->persistence.get();
  if (persistence == nullptr) return std::nullopt;
  const auto session = persistence->find(request_);
  if (!session) return std::nullopt;
  for (const route::Target& target : forward.targets()) {
    const auto* const cluster = plan().clusters.find(target.cluster);
    if (cluster == nullptr || (*cluster)->name != session->upstream) continue;
    session_ = arena_.array<route::Session>(1);
    *session_ = *session;
    return target.cluster;
  }
  return std::nullopt;
}

Reason Exchange::beginAttempt() {
  if (caller_.interception != nullptr) return beginIntercepted();
  return beginByAffinity();
}

Reason Exchange::beginByAffinity() {
  const route::Affinity& affinity = *route_->affinity;
  upstream::Cluster& cluster = *tries_.cluster();
  upstream::Member* const endpoint = session_ == nullptr ? nullptr : endpointOfSession(cluster);
  if (session_ != nullptr && affinity.persistence->strict() && sessionIsLost(cluster, endpoint)) {
    return Reason::kNoHealthyUpstream;
  }
  std::optional<std::uint64_t> key;
  if (affinity.hash_on != nullptr && cluster.wantsKey()) {
    key = affinity.hash_on->of(variables(), arena_);
  }
  const Reason failure = attempt_.begin(key, endpoint);
  if (session_ != nullptr) session_->kept = endpoint != nullptr && attempt_.member() == endpoint;
  return failure;
}

upstream::Member* Exchange::endpointOfSession(const upstream::Cluster& cluster) const {
  const auto address = net::Address::parse(session_->endpoint);
  return address.ok() ? cluster.find(address.value()) : nullptr;
}

bool Exchange::sessionIsLost(const upstream::Cluster& cluster,
                             const upstream::Member* endpoint) const {
  if (!cluster.knowsEndpoints()) return false;
  return endpoint == nullptr || !upstream::Selection::mayStick(*endpoint, tries_.tried());
}

// Gives the client a token, unless the one that it has leads to the endpoint of this response.
void Exchange::keepSession() {
  const route::Persistence* const persistence = route_->affinity->persistence.get();
  const upstream::Member* const member = attempt_.member();
  if (persistence == nullptr || member == nullptr) return;
  if (session_ != nullptr && session_->kept && !session_->renew) return;
  persistence->store(tries_.cluster()->plan().name, member->endpoint.address, session_, request_,
                     response_);
}

}  // namespace weir::proxy
