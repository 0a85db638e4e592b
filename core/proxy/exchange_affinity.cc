#include "core/proxy/exchange_affinity.h"

#include <variant>

namespace weir::proxy {
namespace {

// An upstream whose weight is 0 keeps its sessions.
std::optional<NameId> clusterOfSession(ExchangeState& state, const route::Forward& forward) {
  const route::Persistence* const persistence = state.route->affinity->persistence.get();
  if (persistence == nullptr) return std::nullopt;
  const auto session = persistence->find(state.request);
  if (!session) return std::nullopt;
  for (const route::Target& target : forward.targets()) {
    const auto* const cluster = state.plan().clusters.find(target.cluster);
    if (cluster == nullptr || (*cluster)->name != session->upstream) continue;
    state.session = state.arena.array<route::Session>(1);
    *state.session = *session;
    return target.cluster;
  }
  return std::nullopt;
}

upstream::Member* endpointOfSession(const route::Session* session,
                                    const upstream::Cluster& cluster) {
  if (session == nullptr) return nullptr;
  const auto address = net::Address::parse(session->endpoint);
  return address.ok() ? cluster.find(address.value()) : nullptr;
}

bool sessionIsLost(const upstream::Tries& tries, const upstream::Member* endpoint) {
  if (!tries.cluster()->knowsEndpoints()) return false;
  return endpoint == nullptr || !upstream::Selection::mayStick(*endpoint, tries.tried());
}

}  // namespace

std::optional<NameId> chooseCluster(ExchangeState& state) {
  const auto& forward = std::get<route::Forward>(state.route->action);
  const route::Affinity* const affinity = state.route->affinity.get();
  if (affinity == nullptr) return forward.pick(state.engine.random());
  if (const auto cluster = clusterOfSession(state, forward)) return cluster;
  if (affinity->split_on != nullptr) {
    if (const auto key = affinity->split_on->of(state.variables(), state.arena)) {
      return forward.pick(*key);
    }
  }
  return forward.pick(state.engine.random());
}

Reason beginByAffinity(ExchangeState& state) {
  const route::Affinity& affinity = *state.route->affinity;
  const upstream::Cluster& cluster = *state.tries.cluster();
  route::Session* const session = state.session;
  upstream::Member* const endpoint = endpointOfSession(session, cluster);
  if (session != nullptr && affinity.persistence->strict() &&
      sessionIsLost(state.tries, endpoint)) {
    return Reason::kNoHealthyUpstream;
  }
  std::optional<std::uint64_t> key;
  if (affinity.hash_on != nullptr && cluster.wantsKey()) {
    key = affinity.hash_on->of(state.variables(), state.arena);
  }
  const Reason failure = state.attempt->begin(key, endpoint);
  if (session != nullptr)
    session->kept = endpoint != nullptr && state.attempt->member() == endpoint;
  return failure;
}

void keepSession(ExchangeState& state) {
  const route::Persistence* const persistence = state.route->affinity->persistence.get();
  const upstream::Member* const member = state.attempt->member();
  if (persistence == nullptr || member == nullptr) return;
  if (state.session != nullptr && state.session->kept && !state.session->renew) return;
  persistence->store(state.tries.cluster()->plan().name, member->endpoint.address, state.session,
                     state.request, state.response);
}

}  // namespace weir::proxy
