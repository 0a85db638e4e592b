#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/base/keyed_hash.h"
#include "core/event/loop.h"
#include "core/filter/parts.h"
#include "gateway/auth/forward_auth/answer_cache.h"
#include "gateway/auth/forward_auth/http_service.h"
#include "gateway/auth/forward_auth/metrics.h"
#include "gateway/auth/forward_auth/outage.h"
#include "gateway/auth/forward_auth/settings.h"
#include "gateway/auth/snapshot_waiters.h"

namespace weir::gateway::forward_auth {

// A request that waits for an answer.
class Asker {
 public:
  virtual ~Asker() = default;
  virtual void onAnswer(SharedAnswer answer) = 0;  // may destroy it, and others
  // The answer to the shared question is for the request that asked it only: calls askAlone().
  virtual void askAgain() = 0;

 private:
  friend class Decider;
  Question question_;  // of its own
  std::string key_;    // of the question that it shares; empty: none
};

// Asks the service, for one worker. Requests with equal keys share a question while it is asked and
// its answer while it is fresh.
class Decider {
 public:
  static constexpr std::size_t kMostAsides = 1024;  // questions that no request waits for

  Decider(const Settings& settings, const filter::LocalTools& tools);
  Decider(const Decider&) = delete;
  Decider& operator=(const Decider&) = delete;

  // The answer, if it is known. Otherwise onAnswer() follows, never from within ask(), unless
  // leave() is called before.
  SharedAnswer ask(const Subject& subject, Asker& asker);
  void leave(Asker& asker);
  void onOverdue(Asker& asker);  // it has waited for too long, and leaves
  // How long the service will not be asked, because it is silent.
  Milliseconds pauseLeft() const { return outage_.left(loop_.now()); }
  void askAlone(const Subject& subject, Asker& asker);  // shares nothing; onAnswer() follows
  // Asks, and counts the decision, which nothing waits for.
  void askAside(const Subject& subject);
  MetricCells& metrics() { return metrics_; }

 private:
  struct Shared {
    Question question;
    SnapshotWaiters<Asker> waiting;
    Asker* first = nullptr;  // whose request is asked about; null: it has left
  };

  Question start(const Subject& subject, OnAnswer done);
  bool join(std::string_view key, Asker& asker);
  void askTogether(std::string_view key, const Subject& subject, Asker& asker);
  void note(const Answer& answer);
  void onShared(const std::string& key, Answer answer);
  void count(Lookup result) { metrics_.counter(cacheKey(result)).add(); }

  const Settings& settings_;
  event::Loop& loop_;
  http::Client& client_;
  MetricCells& metrics_;
  std::unique_ptr<AnswerCache> cache_;  // null: there is none
  std::unordered_map<std::string, Shared, KeyedHash> shared_;
  std::list<Question> asides_;
  Outage outage_;
  const SharedAnswer away_;   // while the service is silent
  Shared* ending_ = nullptr;  // its answer is being given to those that wait
};

}  // namespace weir::gateway::forward_auth
