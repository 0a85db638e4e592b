#pragma once

#include <cstdint>
#include <map>

#include "core/base/names.h"
#include "core/event/log_limit.h"
#include "core/event/memory_budget.h"
#include "core/event/shared_count.h"
#include "core/upstream/cluster_counts.h"
#include "core/upstream/retry_budget.h"

namespace weir::server {

// The counts shared by all workers: open connections of the process, of each listener and of each
// upstream, its requests, handshakes of each listener, tokens for retries, memory, and limits of
// messages about upstreams. They live as long as the process, so that limits hold across reloads.
// Workers receive the counts that they need; only the control thread looks them up.
class Counts {
 public:
  event::SharedCount& process() { return process_; }
  event::SharedCount& listener(NameId id) { return listeners_[id]; }
  event::SharedCount& handshakes(NameId listener) { return handshakes_[listener]; }
  event::SharedCount& cluster(NameId id) { return clusters_[id]; }
  upstream::ClusterCounts& requests(NameId cluster) { return requests_[cluster]; }
  upstream::RetryTokens& retryTokens(NameId cluster) { return retry_tokens_[cluster]; }
  event::LogLimit& failures(NameId cluster) { return failures_[cluster]; }
  event::MemoryBudget& memory() { return memory_; }

 private:
  event::MemoryBudget memory_;
  event::SharedCount process_;
  std::map<NameId, event::SharedCount> listeners_;
  std::map<NameId, event::SharedCount> handshakes_;  // TLS handshakes under way
  std::map<NameId, event::SharedCount> clusters_;
  std::map<NameId, upstream::ClusterCounts> requests_;
  std::map<NameId, upstream::RetryTokens> retry_tokens_;
  std::map<NameId, event::LogLimit> failures_;  // messages about clusters
};

}  // namespace weir::server
