#include "core/upstream/tries.h"

namespace weir::upstream {

bool Tries::mayRetry(const Retry& retry) {
  if (retries_ >= retry.most) return refuse(RetryRefusal::kLimit);
  if (!retry.repeatable) return refuse(RetryRefusal::kNotIdempotent);
  if (!retry.replayable) return refuse(RetryRefusal::kBodyTooLarge);
  if (retry.refused) return refuse(RetryRefusal::kPushback);
  if (retry.left && retry.pause >= *retry.left) return refuse(RetryRefusal::kDeadline);
  if (!takeRetryPlace()) return refuse(RetryRefusal::kMaxRetries);
  if (!cluster_->retryBudget().tryRetry(cluster_->tools().loop.now())) {
    return refuse(RetryRefusal::kBudget);
  }
  return true;
}

// Counts the request among those that are being retried, from its first retry to its end.
bool Tries::takeRetryPlace() {
  if (counted_ || cluster_->plan().options.max_retries == 0) return true;
  counted_ = cluster_->takeRetry();
  return counted_;
}

bool Tries::refuse(RetryRefusal refusal) const {
  const NameId upstream = cluster_->plan().id;
  cluster_->tools().metrics.counter(retriesSuppressedKey(upstream, refusal)).add();
  return false;
}

void Tries::noteRetry(Reason reason) {
  ++retries_;
  retry_reason_ = reason;
}

void Tries::countRetries(NameId route, RetryOutcome outcome) const {
  if (retries_ == 0) return;
  const CounterKey key = retriesKey(cluster_->plan().id, route, retry_reason_, outcome);
  cluster_->tools().metrics.counter(key).add(retries_);
}

Milliseconds Tries::pause(const Backoff& backoff) const {
  return backoffPause(backoff, retries_, cluster_->tools().random);
}

void Tries::noteReplay() {
  ++replays_;
  tried_count_ = 0;  // the endpoint is not at fault
  fresh_ = true;
}

}  // namespace weir::upstream
