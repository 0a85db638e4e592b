#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/base/names.h"
#include "core/event/loop.h"
#include "core/event/wheel.h"
#include "observability/admin/admin_backend.h"
#include "observability/admin/page_reply.h"
#include "observability/admin/page_request.h"
#include "observability/dashboard/history.h"
#include "observability/dashboard/samples.h"
#include "observability/dashboard/topology.h"
#include "observability/metrics/page.h"

namespace weir::server {
class Server;
}

namespace weir::dashboard {

// The data behind the dashboard: what the process does now, and what has happened to it.
//
// A page is written from samples that all viewers share and that are taken at most once in a
// second, when a page is requested. While nobody looks, only the counters of events are read, every
// few seconds, so that the history is complete.
//
// Thread: the control thread.
class Dashboard {
 public:
  static constexpr Milliseconds kIdleCheck{5'000};

  // All outlive it.
  Dashboard(event::Loop& loop, metrics::Page& page, server::Server& server);

  // The reply to a request for one of the pages below /overview, /edges, /events or /certificates.
  admin::PageReply serve(const admin::PageRequest& request);

  void noteStart();  // with the first configuration
  void noteReload(const admin::ReloadOutcome& outcome);
  void noteCertificates(unsigned renewed, const std::vector<std::string>& troubles);

 private:
  void onIdle();
  void refresh();
  void add(Event event);
  const Topology& topology();
  std::uint64_t generation() const;

  event::Loop& loop_;
  metrics::Page& page_;
  server::Server& server_;
  Samples samples_;
  History history_;
  std::optional<Topology> topology_;  // of the latest plan that was looked at
  event::Alarm<Dashboard, &Dashboard::onIdle> idle_;
};

}  // namespace weir::dashboard
