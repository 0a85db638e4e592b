#include "tools/weir/recording.h"

#include <utility>

#include "core/server/worker.h"
#include "observability/access_log/otlp_log.h"
#include "observability/access_log/worker_log.h"
#include "observability/otlp/environment.h"
#include "observability/trace/worker_tracer.h"

namespace weir {

Result<void> Recording::open(std::unique_ptr<otlp::Exporter>& exporter, otlp::Signal signal,
                             const otlp::Options& options) {
  if (exporter != nullptr) {
    exporter->configure(options);
    return {};
  }
  WEIR_TRY(exporter,
           otlp::Exporter::open(signal, {tools_.loop, tools_.client, tools_.names, tools_.cells},
                                options));
  return {};
}

Result<void> Recording::configure(const Configuration& configuration) {
  otlp::Environment environment = otlp::Environment::ofProcess();
  if (configuration.tracing) {
    const auto options =
        otlp::optionsOf(configuration.tracing->exporter, otlp::kTracesNames, environment);
    if (auto opened = open(spans_, otlp::Signal::kTraces, options); !opened.ok()) return opened;
  }
  std::size_t at = 0;
  for (const access_log::Settings& each : configuration.access_logs) {
    if (!each.otlp) continue;
    if (at == logs_.size()) logs_.emplace_back();
    const auto options = otlp::optionsOf(*each.otlp, otlp::kLogsNames, environment);
    if (auto opened = open(logs_[at++], otlp::Signal::kLogs, options); !opened.ok()) return opened;
  }
  return {};
}

std::unique_ptr<http::AccessLog> Recording::openLogs(const Configuration& configuration,
                                                     MetricCells& cells) {
  std::vector<std::unique_ptr<http::AccessLog>> logs;
  std::size_t at = 0;
  for (const access_log::Settings& each : configuration.access_logs) {
    if (!each.otlp) {
      logs.push_back(access_log::openLog(each, tools_.writer, tools_.names, cells));
      continue;
    }
    otlp::RecordQueue queue(logs_[at++]->openQueue(), otlp::Signal::kLogs, cells);
    logs.push_back(std::make_unique<access_log::OtlpLog>(each, std::move(queue), Random()));
  }
  if (logs.empty()) return nullptr;
  return std::make_unique<access_log::WorkerLogs>(std::move(logs));
}

server::Server::OpenRecorders Recording::opener(const Configuration& configuration,
                                                config::Role role) {
  return [this, &configuration, role](MetricCells& cells) {
    server::Recorders made;
    made.log = openLogs(configuration, cells);
    if (configuration.tracing) {
      otlp::Environment environment = otlp::Environment::ofProcess();
      made.tracer = std::make_unique<trace::WorkerTracer>(
          trace::samplingOf(*configuration.tracing, role, environment),
          otlp::RecordQueue(spans_->openQueue(), otlp::Signal::kTraces, cells), Random());
    }
    return made;
  };
}

void Recording::finish(server::Server& server, std::function<void()> on_done) {
  constexpr Milliseconds kPatience{2'000};
  std::vector<otlp::Exporter*> exporters;
  if (spans_ != nullptr) exporters.push_back(spans_.get());
  for (const auto& each : logs_) exporters.push_back(each.get());
  if (exporters.empty()) return on_done();
  on_done_ = std::move(on_done);
  busy_ = exporters.size();
  for (otlp::Exporter* const each : exporters) {
    each->finish(kPatience, [this] {
      if (--busy_ == 0) std::exchange(on_done_, nullptr)();
    });
  }
  server.flushRecorders([exporters] {
    for (otlp::Exporter* const each : exporters) each->noteFlushed();
  });
}

void addExporterTargets(Configuration& configuration, config::Diagnostics& diagnostics) {
  otlp::Environment environment = otlp::Environment::ofProcess();
  auto& calls = configuration.core.own_calls;
  if (configuration.tracing) {
    const trace::Settings& tracing = *configuration.tracing;
    calls.push_back({otlp::optionsOf(tracing.exporter, otlp::kTracesNames, environment).endpoint});
    trace::samplingOf(tracing, configuration.core.role, environment);  // for its warnings
  }
  for (const access_log::Settings& each : configuration.access_logs) {
    if (!each.otlp) continue;
    calls.push_back({otlp::optionsOf(*each.otlp, otlp::kLogsNames, environment).endpoint});
  }
  for (const std::string& warning : environment.warnings()) {
    diagnostics.warn({{}, "tracing", warning, {}});
  }
}

}  // namespace weir
