#include "core/proxy/upstream_log.h"

#include <string>

#include "core/base/log.h"

namespace weir::proxy {
namespace {

bool isUpstreamFailure(Reason reason) {
  if (reason == Reason::kUpstreamKeepaliveRace) return false;  // expected
  if (reason >= Reason::kNoHealthyUpstream && reason <= Reason::kRequestTimeout) return true;
  return reason == Reason::kQueueFull || reason == Reason::kQueueTimeout ||
         reason == Reason::kLimitConcurrency;
}

std::string failureText(const upstream::ClusterPlan& cluster, const net::Address* endpoint,
                        Reason reason) {
  std::string text = "upstream " + std::string(cluster.name) + ": ";
  if (endpoint != nullptr) text += endpoint->text() + ": ";
  return text.append(toString(reason));
}

}  // namespace

void logUpstreamFailure(const upstream::ClusterPlan& cluster, const net::Address* endpoint,
                        Reason reason, Nanoseconds now) {
  if (!isUpstreamFailure(reason) || cluster.failures == nullptr) return;
  if (const auto held_back = cluster.failures->admit(now)) {
    log::warning(failureText(cluster, endpoint, reason) + event::LogLimit::text(*held_back));
  } else if (log::writes(log::Level::kDebug)) {
    log::debug(failureText(cluster, endpoint, reason));
  }
}

}  // namespace weir::proxy
