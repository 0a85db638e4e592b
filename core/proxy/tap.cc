#include "core/proxy/tap.h"

#include <new>
#include <utility>

#include "core/upstream/balancer.h"

// Tested in tests/observability/tap/worker_tap_test.cc.
namespace weir::proxy {

void ExchangeSteps::noteConnection(bool is_reused, Nanoseconds at) {
  connected = true;
  reused = is_reused;
  connected_at = at;
}

void ExchangeSteps::noteAttempt(const upstream::Member& member, const upstream::Outcome& outcome,
                                Nanoseconds ended) {
  auto* const step =
      new (arena.allocate(sizeof(AttemptStep), alignof(AttemptStep))) AttemptStep(candidates);
  step->before = std::exchange(attempts, step);
  step->endpoint = arena.copy(member.endpoint.address.text());
  step->connected = std::exchange(connected, false);
  step->reused = reused;
  step->connected_at = connected_at;
  step->ended = ended;
  step->outcome = outcome;
  candidates.clear();
}

}  // namespace weir::proxy
