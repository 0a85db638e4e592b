#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/base/names.h"
#include "core/event/loop.h"
#include "core/event/writer_thread.h"
#include "core/http/client.h"
#include "core/server/server.h"
#include "observability/otlp/exporter.h"
#include "tools/weir/configuration.h"

namespace weir {

// What records exchanges: the access logs and the tracers of the workers, and the exporters behind
// them.
//
// Thread: the control thread.
class Recording {
 public:
  struct Tools {
    event::Loop& loop;
    http::Client& client;
    NameTable& names;
    MetricCells& cells;  // the control thread's
    event::WriterThread& writer;
  };
  explicit Recording(const Tools& tools) : tools_(tools) {}

  // Opens the exporters that a configuration needs, or changes their settings. An exporter that is
  // not needed any more remains for the records on their way.
  Result<void> configure(const Configuration& configuration);
  // Makes the recorders of each worker; `configuration` outlives the function. `role`: the one in
  // force, which determines whom to trust.
  server::Server::OpenRecorders opener(const Configuration& configuration, config::Role role);
  // Sends the last records, unless the collector is away; then calls back.
  void finish(server::Server& server, std::function<void()> on_done);

 private:
  Result<void> open(std::unique_ptr<otlp::Exporter>& exporter, otlp::Signal signal,
                    const otlp::Options& options);
  std::unique_ptr<http::AccessLog> openLogs(const Configuration& configuration, MetricCells& cells);

  const Tools tools_;
  std::unique_ptr<otlp::Exporter> spans_;              // null: there was no [tracing] so far
  std::vector<std::unique_ptr<otlp::Exporter>> logs_;  // of the access logs with `otlp`, in order
  std::function<void()> on_done_;
  std::size_t busy_ = 0;  // exporters that have not finished
};

// The targets of the exporters, and warnings about variables of the environment.
void addExporterTargets(Configuration& configuration, config::Diagnostics& diagnostics);

}  // namespace weir
