#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/event/loop.h"
#include "core/server/cluster_use.h"

namespace weir::server {

class Worker;

// Collects the use of clusters from all workers and adds it up. A worker that hangs delays the
// result by at most kPatience, and has at most one pending question.
//
// Thread: the control thread.
class Survey {
 public:
  static constexpr Milliseconds kPatience{1'000};
  // `silent`: workers that have not answered in time.
  using OnKnown = std::function<void(const ClusterUses& uses, std::size_t silent)>;

  // Both outlive the survey.
  Survey(event::Loop& loop, const std::vector<std::unique_ptr<Worker>>& workers);

  // Calls back later, from the loop. Calls made in the meantime share the result.
  void ask(OnKnown on_known);

 private:
  void askWorker(std::size_t index);
  void onAnswer(std::size_t index, std::uint64_t round, const ClusterUses& part);
  void finish();

  event::Loop& loop_;
  const std::vector<std::unique_ptr<Worker>>& workers_;
  std::vector<bool> asked_;  // by worker: has a pending question
  std::uint64_t round_ = 0;  // late answers belong to an earlier one
  std::size_t missing_ = 0;  // answers of this round
  ClusterUses uses_;
  std::vector<OnKnown> waiting_;
  event::Alarm<Survey, &Survey::finish> deadline_;
};

}  // namespace weir::server
