#include "tools/weir/watching.h"

#include <string>
#include <utility>
#include <vector>

#include "core/server/worker.h"
#include "observability/tap/failure_page.h"
#include "observability/tap/tap_page.h"

// Tested in tests/integration/tap_test.py.
namespace weir {
namespace {

std::vector<tap::TapHub::Station> stationsOf(server::Server& server) {
  std::vector<tap::TapHub::Station> stations;
  for (const auto& each : server.workers()) {
    server::Worker* const worker = each.get();
    stations.push_back({worker->loop(), worker->cells(),
                        [worker](std::function<void()> task) { worker->post(std::move(task)); },
                        [worker](proxy::Tap* tap) { worker->engine().setTap(tap); }});
  }
  return stations;
}

}  // namespace

Watching::Watching(event::Loop& loop, MetricCells& cells, server::Server& server)
    : server_(server), taps_(loop, cells, stationsOf(server)) {
  for (const auto& worker : server.workers()) {
    failures_.emplace(worker.get(), std::make_unique<tap::FailureLog>());
  }
}

void Watching::start() {
  for (const auto& each : server_.workers()) {
    server::Worker* const worker = each.get();
    tap::FailureLog* const log = failures_.at(worker).get();
    worker->post([worker, log] { worker->engine().setFailureLog(log); });
  }
}

void Watching::failures(const admin::PageRequest& request, Answer answer) {
  tap::FailureQuery query;
  if (const std::string wrong = tap::FailureQuery::read(request, query); !wrong.empty()) {
    return answer(admin::errorReply(400, wrong));
  }
  using Part = std::vector<tap::Failure>;
  server_.askWorkers<Part>(
      [this](server::Worker& worker) { return failures_.at(&worker)->latest(); },
      [query, text = request.wants_text, answer = std::move(answer)](const std::vector<Part>& parts,
                                                                     std::size_t silent) {
        answer(tap::failurePage(query, text, parts, silent));
      });
}

admin::PageReply Watching::tap(const admin::PageRequest& request) {
  return tap::tapPage(request, taps_);
}

}  // namespace weir
