#include "observability/metrics/prometheus.h"

#include <iterator>
#include <sstream>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "observability/metrics/process_usage.h"

namespace weir::metrics {
namespace {

using Families = std::vector<prometheus::MetricFamily>;

prometheus::MetricFamily gaugeOf(const char* name, const char* help, double value) {
  prometheus::ClientMetric metric;
  metric.gauge.value = value;
  return {name, help, prometheus::MetricType::Gauge, {metric}};
}

prometheus::MetricFamily counterOf(const char* name, const char* help, double value) {
  prometheus::ClientMetric metric;
  metric.counter.value = value;
  return {name, help, prometheus::MetricType::Counter, {metric}};
}

// The process_* families that Prometheus clients have in common.
class ProcessCollector final : public prometheus::Collectable {
 public:
  Families Collect() const override {
    const ProcessUsage usage = readProcessUsage();
    return {
        counterOf("process_cpu_seconds_total", "User and system CPU time spent.",
                  usage.cpu_seconds),
        gaugeOf("process_start_time_seconds", "Start of the process, in seconds since 1970.",
                usage.start_time_seconds),
        gaugeOf("process_resident_memory_bytes", "Resident memory.",
                static_cast<double>(usage.resident_bytes)),
        gaugeOf("process_virtual_memory_bytes", "Virtual memory.",
                static_cast<double>(usage.virtual_bytes)),
        gaugeOf("process_open_fds", "Open file descriptors.",
                static_cast<double>(usage.open_descriptors)),
        gaugeOf("process_max_fds", "Limit of open file descriptors.",
                static_cast<double>(usage.max_descriptors)),
    };
  }
};

}  // namespace

Prometheus::Prometheus() : registry_(std::make_unique<prometheus::Registry>()) {}

Prometheus::~Prometheus() = default;

void Prometheus::appendText(std::string& out) const {
  Families families = ProcessCollector().Collect();
  Families registered = registry_->Collect();
  std::move(registered.begin(), registered.end(), std::back_inserter(families));
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  out += text.str();
}

}  // namespace weir::metrics
