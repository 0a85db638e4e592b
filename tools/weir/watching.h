#pragma once

#include <functional>
#include <map>
#include <memory>

#include "core/base/metric_cells.h"
#include "core/event/loop.h"
#include "core/server/server.h"
#include "observability/admin/admin_backend.h"
#include "observability/tap/failure_log.h"
#include "observability/tap/tap_hub.h"

namespace weir {

// What operators see of requests: the latest failures, and taps.
//
// Thread: the control thread. Destroyed after the workers have ended.
class Watching {
 public:
  using Answer = std::function<void(admin::PageReply)>;

  // `cells`: of the control thread.
  Watching(event::Loop& loop, MetricCells& cells, server::Server& server);
  void start();  // after the workers

  void failures(const admin::PageRequest& request, Answer answer);
  admin::PageReply tap(const admin::PageRequest& request);

 private:
  server::Server& server_;
  // Used on the workers; the map itself does not change.
  std::map<const server::Worker*, std::unique_ptr<tap::FailureLog>> failures_;
  tap::TapHub taps_;
};

}  // namespace weir
