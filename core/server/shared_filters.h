#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/filter/parts.h"
#include "core/filter/worker_parts.h"

namespace weir::proxy {
struct Plan;
}

namespace weir::server {

// The latest snapshots of configured filters.
using Snapshots = std::vector<std::pair<filter::MakerId, filter::AnySnapshot>>;

// The shared parts of the filters of all plans in use. A part runs from the first plan that has its
// filter until the last one is gone.
//
// Thread: the control thread.
class SharedFilters {
 public:
  using OnSnapshot = std::function<void(filter::MakerId filter, filter::AnySnapshot snapshot)>;

  // `on_ready`: called when a part has become ready.
  SharedFilters(const filter::SharedTools& tools, OnSnapshot on_snapshot,
                std::function<void()> on_ready);
  ~SharedFilters();

  // Starts the parts of the plan's filters that are not running.
  void follow(const proxy::Plan& plan);
  bool ready() const;  // all parts of the plan that was followed last
  void endUnused();    // the parts of filters that no plan has any more
  std::size_t running() const { return parts_.size(); }
  Snapshots snapshots() const;  // of all running parts

 private:
  struct Running {
    std::shared_ptr<const filter::Maker> maker;
    filter::AnySnapshot snapshot;
    bool ready = false;
    std::unique_ptr<filter::SharedPart> part = nullptr;  // destroyed first
  };

  void start(filter::MakerId id, Running& running);
  void publish(filter::MakerId id, filter::AnySnapshot snapshot);
  void onReady(filter::MakerId id);

  const filter::SharedTools tools_;
  const OnSnapshot on_snapshot_;
  const std::function<void()> on_ready_;
  std::map<filter::MakerId, Running> parts_;
  std::vector<filter::MakerId> wanted_;  // by the plan that was followed last
};

}  // namespace weir::server
