#include "core/server/survey.h"

#include <utility>

#include "core/server/worker.h"

namespace weir::server {
namespace {

void addUses(const ClusterUses& part, ClusterUses& sums) {
  for (const auto& [id, use] : part) {
    ClusterUse& sum = sums[id];
    sum.idle_connections += use.idle_connections;
    for (const auto& [address, count] : use.in_flight) sum.in_flight[address] += count;
    for (const auto& [address, count] : use.ejected) sum.ejected[address] += count;
  }
}

}  // namespace

Survey::Survey(event::Loop& loop, const std::vector<std::unique_ptr<Worker>>& workers)
    : loop_(loop), workers_(workers), deadline_(loop.wheel(), *this) {}

void Survey::ask(OnKnown on_known) {
  waiting_.push_back(std::move(on_known));
  if (waiting_.size() > 1) return;
  ++round_;
  uses_.clear();
  missing_ = workers_.size();
  asked_.resize(workers_.size());
  deadline_.arm(kPatience);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (!asked_[i]) askWorker(i);
  }
}

void Survey::askWorker(std::size_t index) {
  asked_[index] = true;
  Worker& worker = *workers_[index];
  worker.post([this, index, round = round_, &worker] {
    loop_.post([this, index, round, uses = worker.clusterUses()] { onAnswer(index, round, uses); });
  });
}

void Survey::onAnswer(std::size_t index, std::uint64_t round, const ClusterUses& part) {
  asked_[index] = false;
  if (waiting_.empty()) return;
  // The worker hung when this round began.
  if (round != round_) return askWorker(index);
  addUses(part, uses_);
  if (--missing_ == 0) finish();
}

void Survey::finish() {
  deadline_.disarm();
  const auto waiting = std::exchange(waiting_, {});
  for (const OnKnown& each : waiting) each(uses_, missing_);
}

}  // namespace weir::server
