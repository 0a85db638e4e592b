#include "observability/metrics/text_format.h"

#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "observability/metrics/exemplar_labels.h"

namespace weir::metrics {

namespace {

constexpr std::size_t kNumberRoom = 40;  // enough for any number below

std::string_view typeText(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
  }
  return "untyped";
}

// The differences between the two text formats.
struct TextStyle {
  const DetailTable* details = nullptr;  // null: the format of Prometheus, without exemplars

  bool openMetrics() const { return details != nullptr; }
};

// In OpenMetrics, the name of a family of counters lacks the end of those of its samples.
std::string_view headName(const MetricFamily& family, const TextStyle& style) {
  constexpr std::string_view kTotal = "_total";
  const bool shorter = style.openMetrics() && family.type == MetricType::kCounter;
  return family.name.substr(0, family.name.size() - (shorter ? kTotal.size() : 0));
}

void appendHead(std::string_view name, std::string_view help, MetricType type, std::string& out) {
  out.append("# HELP ").append(name).append(" ").append(help);
  out.append("\n# TYPE ").append(name).append(" ").append(typeText(type)).append("\n");
}

template <typename Number>
void appendNumber(Number number, std::string& out) {
  char text[kNumberRoom];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  out.append(text, static_cast<std::size_t>(end - text));
}

// `number` / 10^digits, exactly.
void appendDecimal(std::uint64_t number, unsigned digits, std::string& out) {
  char fraction[20];
  unsigned kept = 0;
  for (unsigned i = digits; i > 0; --i) {
    const char digit = static_cast<char>('0' + number % 10);
    number /= 10;
    fraction[i - 1] = digit;
    if (kept == 0 && digit != '0') kept = i;
  }
  appendNumber(number, out);
  if (kept == 0) return;
  out += '.';
  out.append(fraction, kept);
}

void appendValue(std::uint64_t value, const MetricFamily& family, std::string& out) {
  if (family.type == MetricType::kGauge && static_cast<std::int64_t>(value) < 0) {
    out += '-';
    value = ~value + 1;
  }
  switch (family.unit) {
    case MetricUnit::kOne:
    case MetricUnit::kBytes:
      return appendNumber(value, out);
    case MetricUnit::kNanoseconds:
      return appendDecimal(value, 9, out);
    case MetricUnit::kMillionths:
      return appendDecimal(value, 6, out);
  }
}

void appendLabels(std::string_view labels, std::string& out) {
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out += ' ';
}

void appendScalar(const MetricFamily& family, const Series& series, std::uint64_t value,
                  std::string& out) {
  out += family.name;
  appendLabels(series.labels, out);
  appendValue(value, family, out);
  out += '\n';
}

// The bounds of a family's buckets as in the label `le`; the last is "+Inf".
std::vector<std::string> bucketLabels(const MetricFamily& family, const TextStyle& style) {
  if (family.shape == nullptr) return {};
  std::vector<std::string> labels(family.shape->size() + 1);
  for (std::size_t i = 0; i < family.shape->size(); ++i) {
    appendValue(static_cast<std::uint64_t>(family.shape->bound(i)), family, labels[i]);
    const bool whole = labels[i].find('.') == std::string::npos;
    if (style.openMetrics() && whole) labels[i] += ".0";
  }
  labels.back() = "+Inf";
  return labels;
}

void appendExemplar(const Exemplar& exemplar, std::string& out) {
  const ExemplarLabels labels(exemplar);
  out.append(" # {trace_id=\"").append(labels.traceId());
  out.append("\",span_id=\"").append(labels.spanId()).append("\"} ");
  appendDecimal(static_cast<std::uint64_t>(exemplar.value.count()), 9, out);
  out += ' ';
  appendDecimal(static_cast<std::uint64_t>(exemplar.time.count()), 9, out);
}

struct HistogramValues {
  const std::uint64_t* values;  // the sum, then the buckets
  const Detail* detail;         // null: none
};

void appendHistogram(const MetricFamily& family, const Series& series,
                     const HistogramValues& histogram, std::span<const std::string> bounds,
                     std::string& out) {
  const std::uint64_t* const values = histogram.values;
  const std::uint64_t* const buckets = values + 1;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    count += buckets[i];
    out.append(family.name).append("_bucket{").append(series.labels);
    out.append(series.labels.empty() ? "le=\"" : ",le=\"").append(bounds[i]).append("\"} ");
    appendNumber(count, out);
    if (histogram.detail != nullptr && histogram.detail->exemplars.at(i)) {
      appendExemplar(*histogram.detail->exemplars.at(i), out);
    }
    out += '\n';
  }
  out.append(family.name).append("_sum");
  appendLabels(series.labels, out);
  appendValue(values[0], family, out);
  out.append("\n").append(family.name).append("_count");
  appendLabels(series.labels, out);
  appendNumber(count, out);
  out += '\n';
}

void appendFamily(const SeriesTable::Member& member, const SeriesTable& table,
                  const TextStyle& style, std::string& out) {
  const MetricFamily& family = *member.family;
  const std::vector<std::string> bounds = bucketLabels(family, style);
  bool begun = false;
  for (const std::uint32_t index : member.series) {
    const Series& series = table.series(index);
    if (series.left) continue;
    if (!std::exchange(begun, true)) {
      appendHead(headName(family, style), family.help, family.type, out);
    }
    const std::uint64_t* const values = table.values(series);
    if (family.type == MetricType::kHistogram) {
      const Detail* const detail = style.openMetrics() ? style.details->find(series.key) : nullptr;
      appendHistogram(family, series, {values, detail}, bounds, out);
    } else {
      appendScalar(family, series, *values, out);
    }
  }
}

}  // namespace

void appendText(const SeriesTable& table, std::string& out) {
  for (const SeriesTable::Member& member : table.families()) appendFamily(member, table, {}, out);
}

void appendOpenMetrics(const SeriesTable& table, const DetailTable& details, std::string& out) {
  for (const SeriesTable::Member& member : table.families()) {
    appendFamily(member, table, {&details}, out);
  }
}

}  // namespace weir::metrics
