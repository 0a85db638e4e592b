#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/clock.h"
#include "core/base/reason.h"
#include "core/upstream/backoff.h"
#include "core/upstream/balancer.h"
#include "core/upstream/cluster.h"
#include "core/upstream/metrics.h"

namespace weir::upstream {

// The attempts made for one request (or connection) at one cluster: which endpoints were tried, and
// whether another attempt is allowed. Several attempts may be in progress at the same time.
class Tries {
 public:
  Tries() = default;
  ~Tries() { end(); }
  Tries(const Tries&) = delete;
  Tries& operator=(const Tries&) = delete;

  // Enters the cluster, and counts the request in its retry budget.
  void begin(Cluster& cluster) {
    cluster_ = &cluster;
    cluster.enter();
    cluster.retryBudget().onRequest(cluster.tools().loop.now());
  }
  // Leaves the cluster; no attempt may be in progress.
  void end() {
    Cluster* const cluster = std::exchange(cluster_, nullptr);
    if (cluster == nullptr) return;
    if (std::exchange(counted_, false)) cluster->releaseRetry();
    cluster->leave();
  }
  Cluster* cluster() const { return cluster_; }  // null before begin() and after end()

  // Gets the members between which balancers choose from now on; outlives the attempts.
  void observe(Candidates& candidates) { candidates_ = &candidates; }

  // To be avoided by the next attempt.
  Tried tried() const { return {tried_.data(), tried_count_}; }
  bool fresh() const { return fresh_; }  // the next attempt needs a new connection
  unsigned attempts() const { return attempts_; }
  unsigned retries() const { return retries_; }
  Verdict verdict() const { return verdict_; }          // of the latest attempt that has ended
  Reason retryReason() const { return retry_reason_; }  // of the latest retry

  // The conditions of a retry, in the order in which they are checked.
  struct Retry {
    unsigned most = 0;       // retries
    bool repeatable = true;  // the method is idempotent, or the upstream has not seen the request
    bool replayable = true;  // the body is still at hand
    bool refused = false;    // the upstream asks for none, or for a pause that is too long
    Milliseconds pause{0};   // at least; the upstream asks for it
    std::optional<Milliseconds> left = std::nullopt;  // until the request's time is over
  };
  // Whether another attempt is allowed after a failure; if not, the refusal is counted. Takes a
  // token of the cluster's retry budget.
  bool mayRetry(const Retry& retry);
  void noteRetry(Reason reason);  // the reason for which an allowed retry is made
  Milliseconds pause(const Backoff& backoff) const;  // before the next retry
  // Counts the retries, if there were any, once the result is known; before end().
  void countRetries(NameId route, RetryOutcome outcome) const;

  // Replays follow an attempt that the upstream has not processed. They do not count as retries.
  bool mayReplay() const { return replays_ < kMostReplays; }
  void noteReplay();

 private:
  friend class Attempt;
  static constexpr std::size_t kMaxTried = 8;
  static constexpr std::uint8_t kMostReplays = 3;

  bool takeRetryPlace();
  bool refuse(RetryRefusal refusal) const;
  void avoid(const Member& member) {
    if (tried_count_ < kMaxTried) tried_[tried_count_++] = &member;
  }

  Cluster* cluster_ = nullptr;
  Candidates* candidates_ = nullptr;  // null: nobody watches
  std::array<const Member*, kMaxTried> tried_{};
  std::uint8_t tried_count_ = 0;
  std::uint8_t attempts_ = 0;
  std::uint8_t retries_ = 0;
  std::uint8_t replays_ = 0;
  bool fresh_ = false;
  bool counted_ = false;  // in Cluster::takeRetry()
  Verdict verdict_ = Verdict::kNone;
  Reason retry_reason_ = Reason::kNone;
};

}  // namespace weir::upstream
