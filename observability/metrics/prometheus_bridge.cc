#include "observability/metrics/prometheus_bridge.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "observability/metrics/text_format.h"

namespace weir::metrics {
namespace {

using prometheus::ClientMetric;

double scaled(std::uint64_t value, const MetricFamily& family) {
  const double number = family.type == MetricType::kGauge
                            ? static_cast<double>(static_cast<std::int64_t>(value))
                            : static_cast<double>(value);
  switch (family.unit) {
    case MetricUnit::kOne:
    case MetricUnit::kBytes:
      return number;
    case MetricUnit::kNanoseconds:
      return number / 1e9;
    case MetricUnit::kMillionths:
      return number / 1e6;
  }
  return number;
}

prometheus::MetricType typeOf(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return prometheus::MetricType::Counter;
    case MetricType::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricType::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

ClientMetric::Histogram histogramOf(const std::uint64_t* values, const MetricFamily& family) {
  ClientMetric::Histogram histogram;
  histogram.sample_sum = scaled(values[0], family);
  for (std::size_t i = 0; i <= family.shape->size(); ++i) {
    histogram.sample_count += values[1 + i];
    const double bound = i < family.shape->size()
                             ? scaled(static_cast<std::uint64_t>(family.shape->bound(i)), family)
                             : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({histogram.sample_count, bound});
  }
  return histogram;
}

void setValue(ClientMetric& metric, MetricType type, double value) {
  if (type == MetricType::kCounter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

}  // namespace

class PrometheusBridge::Adapter : public prometheus::Collectable {
 public:
  Adapter(Page& page, const NameTable& names) : page_(page), names_(names) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  ClientMetric metricOf(const SeriesTable& table, const Series& series) const;
  std::vector<ClientMetric> metricsOf(const SeriesTable& table, const MetricFamily& family) const;
  static prometheus::MetricFamily head(std::string_view name, std::string_view help,
                                       MetricType type);

  Page& page_;
  const NameTable& names_;
};

prometheus::MetricFamily PrometheusBridge::Adapter::head(std::string_view name,
                                                         std::string_view help, MetricType type) {
  return {std::string(name), std::string(help), typeOf(type), {}};
}

ClientMetric PrometheusBridge::Adapter::metricOf(const SeriesTable& table,
                                                 const Series& series) const {
  const MetricFamily& family = series.key.family();
  ClientMetric metric;
  for (const MetricLabel& label : family.labels) {
    if (label.name.empty()) break;
    metric.label.push_back(
        {std::string(label.name), std::string(labelText(label, series.key, names_))});
  }
  if (family.type == MetricType::kHistogram) {
    metric.histogram = histogramOf(table.values(series), family);
  } else {
    setValue(metric, family.type, scaled(*table.values(series), family));
  }
  return metric;
}

std::vector<ClientMetric> PrometheusBridge::Adapter::metricsOf(const SeriesTable& table,
                                                               const MetricFamily& family) const {
  std::vector<ClientMetric> metrics;
  for (const std::uint32_t member : table.ofFamily(family)) {
    if (!table.series(member).left) metrics.push_back(metricOf(table, table.series(member)));
  }
  return metrics;
}

std::vector<prometheus::MetricFamily> PrometheusBridge::Adapter::Collect() const {
  const SeriesTable& table = page_.gather();
  std::vector<prometheus::MetricFamily> families;
  for (const SeriesTable::Member& member : table.families()) {
    const MetricFamily& family = *member.family;
    std::vector<ClientMetric> metrics = metricsOf(table, family);
    if (metrics.empty()) continue;
    families.push_back(head(family.name, family.help, family.type));
    families.back().metric = std::move(metrics);
  }
  for (const ProcessSample& sample : samplesOf(readProcessUsage())) {
    families.push_back(head(sample.name, sample.help, sample.type));
    setValue(families.back().metric.emplace_back(), sample.type, sample.value);
  }
  return families;
}

PrometheusBridge::PrometheusBridge(Page& page)
    : adapter_(std::make_unique<Adapter>(page, page.names())) {}

PrometheusBridge::~PrometheusBridge() = default;

const prometheus::Collectable& PrometheusBridge::collectable() const { return *adapter_; }

}  // namespace weir::metrics
