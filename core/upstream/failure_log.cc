#include "core/upstream/failure_log.h"

#include <string>

#include "core/base/log.h"

namespace weir::upstream {
namespace {

bool isUpstreamFailure(Reason reason) {
  if (reason == Reason::kUpstreamKeepaliveRace) return false;  // expected
  if (reason >= Reason::kNoHealthyUpstream && reason <= Reason::kRequestTimeout) return true;
  return reason == Reason::kQueueFull || reason == Reason::kQueueTimeout ||
         reason == Reason::kLimitConcurrency;
}

std::string failureText(const ClusterPlan& cluster, const net::Address* endpoint, Reason reason) {
  std::string text = "upstream " + std::string(cluster.name) + ": ";
  if (endpoint != nullptr) text += endpoint->text() + ": ";
  return text.append(toString(reason));
}

}  // namespace

void logFailure(const ClusterPlan& cluster, const net::Address* endpoint, Reason reason,
                Nanoseconds now) {
  if (!isUpstreamFailure(reason) || cluster.failures == nullptr) return;
  if (const auto held_back = cluster.failures->admit(now)) {
    log::warning(failureText(cluster, endpoint, reason) + event::LogLimit::text(*held_back));
  } else if (log::writes(log::Level::kDebug)) {
    log::debug(failureText(cluster, endpoint, reason));
  }
}

}  // namespace weir::upstream
