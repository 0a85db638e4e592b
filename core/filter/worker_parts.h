#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/filter/parts.h"

namespace weir::filter {

class Maker;

// The configured filters of a plan that have parts, each once.
using LastingFilters = std::vector<std::shared_ptr<const Maker>>;

// What one worker keeps of the configured filters in use: the local part, made on first use, and
// the latest snapshot of the shared part. A filter is in use as long as a plan in use has it.
//
// Thread: the worker.
class WorkerParts {
 public:
  explicit WorkerParts(const LocalTools& tools) : tools_(tools) {}
  WorkerParts(const WorkerParts&) = delete;
  WorkerParts& operator=(const WorkerParts&) = delete;

  // Begins to use the filters of a plan. Each call requires a matching remove().
  void add(const LastingFilters& filters);
  // Local parts that are no longer in use are destroyed at the end of the turn.
  void remove(const LastingFilters& filters);

  // Ignored unless the filter is in use.
  void setSnapshot(MakerId filter, AnySnapshot snapshot);

  MetricCells& metrics() { return tools_.metrics; }  // of the worker

  // Of filters in use.
  LocalPart& local(const Maker& maker);
  const AnySnapshot& snapshot(const Maker& maker) const;

 private:
  struct Slot {
    std::uint32_t plans = 0;
    AnySnapshot snapshot;
    std::unique_ptr<LocalPart> local;
  };

  const LocalTools tools_;
  std::unordered_map<MakerId, Slot> slots_;
};

}  // namespace weir::filter
