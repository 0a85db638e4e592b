#include "core/tls/client_config.h"
#include "core/upstream/cluster.h"

// Connections whose endpoint does not meet requirements that have changed.
namespace weir::upstream {
namespace {

// Longest time for that in one turn of the loop.
constexpr Nanoseconds kSlice = std::chrono::milliseconds(2);
// For the requests in flight: all is closed a second after the change.
constexpr Milliseconds kRevokeGrace{750};

}  // namespace

void Cluster::recheckConnections() {
  if (plan_->tls == nullptr) return;
  const Nanoseconds until = monotonicNow() + kSlice;
  for (EndpointPool* const pool : allPools()) {
    if (!pool->recheck(*plan_->tls, until)) return recheck_.arm(Milliseconds(0));
  }
}

void Cluster::onRevoked() { tools_.metrics.counter(upstreamRevokedKey(plan_->id)).add(); }

bool EndpointPool::recheck(const tls::ClientConfig& tls, Nanoseconds until) {
  ClientConnection* next = nullptr;
  for (ClientConnection* at = connections_.front(); at != nullptr; at = next) {
    next = at->next;
    std::uint64_t& terms = at->record().terms;
    if (terms == tools_.totals.terms || at->state() >= State::kConnecting) continue;
    if (monotonicNow() > until) return false;
    terms = tools_.totals.terms;
    if (at->security() == nullptr || tls.judgeAgain(*at->security()).accepted()) continue;
    at->revokeAfter(kRevokeGrace);
    owner_.onRevoked();
  }
  return true;
}

}  // namespace weir::upstream
