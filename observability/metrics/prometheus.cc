#include "observability/metrics/prometheus.h"

#include <iterator>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "observability/metrics/process_usage.h"
#include "observability/metrics/protobuf_format.h"

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

Families collect(const prometheus::Registry& registry) {
  Families families = ProcessCollector().Collect();
  Families registered = registry.Collect();
  std::move(registered.begin(), registered.end(), std::back_inserter(families));
  return families;
}

// weir registers no other types.
Families scalarsOf(Families families) {
  std::erase_if(families, [](const prometheus::MetricFamily& family) {
    return family.type != prometheus::MetricType::Counter &&
           family.type != prometheus::MetricType::Gauge;
  });
  return families;
}

}  // namespace

Prometheus::Prometheus() : registry_(std::make_unique<prometheus::Registry>()) {}

Prometheus::~Prometheus() = default;

void Prometheus::appendText(std::string& out) const {
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, collect(*registry_));
  out += text.str();
}

// prometheus-cpp's text differs from OpenMetrics only in the names of families of counters.
void Prometheus::appendOpenMetrics(std::string& out) const {
  constexpr std::string_view kTotal = "_total";
  Families families = scalarsOf(collect(*registry_));
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  std::string page = text.str();
  for (const prometheus::MetricFamily& family : families) {
    if (family.type != prometheus::MetricType::Counter || !family.name.ends_with(kTotal)) continue;
    for (const char* const line : {"# HELP ", "# TYPE "}) {
      const std::string head = line + family.name + " ";
      const std::size_t at = page.find(head);
      if (at != std::string::npos) page.erase(at + head.size() - 1 - kTotal.size(), kTotal.size());
    }
  }
  out += page;
}

void Prometheus::appendProtobuf(std::string& out) const {
  for (const prometheus::MetricFamily& family : scalarsOf(collect(*registry_))) {
    const bool counts = family.type == prometheus::MetricType::Counter;
    const proto::Type type = counts ? proto::Type::kCounter : proto::Type::kGauge;
    ProtoWriter message = proto::family(family.name, family.help, type);
    for (const prometheus::ClientMetric& each : family.metric) {
      ProtoWriter metric;
      for (const auto& label : each.label) proto::addLabel(metric, label.name, label.value);
      proto::addValue(metric, type, counts ? each.counter.value : each.gauge.value);
      proto::addMetric(message, metric);
    }
    proto::appendDelimited(message, out);
  }
}

}  // namespace weir::metrics
