#include "observability/metrics/protobuf_format.h"

#include <limits>
#include <string>

#include "observability/metrics/exemplar_labels.h"

namespace weir::metrics {
namespace {

// Fields of MetricFamily, Metric, and Histogram.
constexpr std::uint32_t kName = 1;
constexpr std::uint32_t kHelp = 2;
constexpr std::uint32_t kType = 3;
constexpr std::uint32_t kMetric = 4;
constexpr std::uint32_t kLabel = 1;
constexpr std::uint32_t kGauge = 2;
constexpr std::uint32_t kCounter = 3;
constexpr std::uint32_t kUntyped = 5;
constexpr std::uint32_t kHistogram = 7;
constexpr std::uint32_t kSampleCount = 1;
constexpr std::uint32_t kSampleSum = 2;
constexpr std::uint32_t kBucket = 3;
constexpr std::uint32_t kSchemaField = 5;
constexpr std::uint32_t kZeroThresholdField = 6;
constexpr std::uint32_t kZeroCount = 7;
constexpr std::uint32_t kPositiveSpan = 12;
constexpr std::uint32_t kPositiveDelta = 13;
constexpr std::uint32_t kNativeExemplar = 16;
// Fields of Bucket.
constexpr std::uint32_t kCumulativeCount = 1;
constexpr std::uint32_t kUpperBound = 2;
constexpr std::uint32_t kBucketExemplar = 3;

double scaled(std::uint64_t value, const MetricFamily& family) {
  const bool negative = family.type == MetricType::kGauge && static_cast<std::int64_t>(value) < 0;
  const double number =
      negative ? static_cast<double>(static_cast<std::int64_t>(value)) : static_cast<double>(value);
  switch (family.unit) {
    case MetricUnit::kNanoseconds:
      return number / 1e9;
    case MetricUnit::kMillionths:
      return number / 1e6;
    default:
      return number;
  }
}

ProtoWriter encodedExemplar(const Exemplar& exemplar) {
  constexpr std::uint32_t kValue = 2;
  constexpr std::uint32_t kTimestamp = 3;
  ProtoWriter encoded;
  const ExemplarLabels labels(exemplar);
  proto::addLabel(encoded, "trace_id", labels.traceId());
  proto::addLabel(encoded, "span_id", labels.spanId());
  encoded.real(kValue, static_cast<double>(exemplar.value.count()) / 1e9);
  constexpr std::int64_t kSecond = 1'000'000'000;
  ProtoWriter time;
  time.number(1, static_cast<std::uint64_t>(exemplar.time.count() / kSecond));
  time.number(2, static_cast<std::uint64_t>(exemplar.time.count() % kSecond));
  encoded.message(kTimestamp, time);
  return encoded;
}

// The spans of cells that are not empty, and the difference of each count to the one before.
std::uint64_t addNative(const Detail& detail, ProtoWriter& to) {
  ProtoWriter deltas;
  std::uint64_t count = detail.cells[0];
  std::int64_t last = 0;
  int next = 0;  // the index after the latest span
  std::int32_t offset = 0;
  std::uint32_t length = 0;
  const auto end_span = [&] {
    if (length == 0) return;
    to.message(kPositiveSpan, ProtoWriter().signedNumber(1, offset).number(2, length));
    length = 0;
  };
  to.signedNumber(kSchemaField, MetricDetail::kSchema);
  to.real(kZeroThresholdField, MetricDetail::kZeroThreshold);
  to.number(kZeroCount, detail.cells[0]);
  for (std::size_t i = 1; i < detail.cells.size(); ++i) {
    if (detail.cells[i] == 0) {
      end_span();
      continue;
    }
    const int index = MetricDetail::kFirstIndex + static_cast<int>(i) - 1;
    if (length == 0) offset = index - next;
    next = index + 1;
    ++length;
    const auto now = static_cast<std::int64_t>(detail.cells[i]);
    deltas.signedNumber(kPositiveDelta, now - last);
    last = now;
    count += detail.cells[i];
  }
  end_span();
  // A histogram without cells is marked as native by an empty span.
  if (count == detail.cells[0]) to.message(kPositiveSpan, {});
  to.fields(deltas.bytes());
  for (const auto& exemplar : detail.exemplars) {
    if (exemplar) to.message(kNativeExemplar, encodedExemplar(*exemplar));
  }
  return count;
}

ProtoWriter encodedHistogram(const MetricFamily& family, const std::uint64_t* values,
                             const Detail* detail, bool native) {
  ProtoWriter rest;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= family.shape->size(); ++i) {
    count += values[1 + i];
    const bool last = i == family.shape->size();
    ProtoWriter bucket;
    bucket.number(kCumulativeCount, count);
    bucket.real(kUpperBound,
                last ? std::numeric_limits<double>::infinity()
                     : scaled(static_cast<std::uint64_t>(family.shape->bound(i)), family));
    if (detail != nullptr && detail->exemplars.at(i)) {
      bucket.message(kBucketExemplar, encodedExemplar(*detail->exemplars.at(i)));
    }
    rest.message(kBucket, bucket);
  }
  if (native && detail != nullptr) count = addNative(*detail, rest);
  ProtoWriter histogram;
  histogram.number(kSampleCount, count).real(kSampleSum, scaled(values[0], family));
  histogram.fields(rest.bytes());
  return histogram;
}

proto::Type typeOf(const MetricFamily& family) {
  switch (family.type) {
    case MetricType::kCounter:
      return proto::Type::kCounter;
    case MetricType::kGauge:
      return proto::Type::kGauge;
    case MetricType::kHistogram:
      return proto::Type::kHistogram;
  }
  return proto::Type::kUntyped;
}

ProtoWriter encodedMetric(const SeriesTable& table, const Series& series, const Detail* detail,
                          bool native) {
  const MetricFamily& family = series.key.family();
  ProtoWriter metric;
  for (const MetricLabel& label : family.labels) {
    if (label.name.empty()) continue;
    proto::addLabel(metric, label.name, labelText(label, series.key, table.names()));
  }
  const std::uint64_t* const values = table.values(series);
  if (family.type == MetricType::kHistogram) {
    metric.message(kHistogram, encodedHistogram(family, values, detail, native));
  } else {
    proto::addValue(metric, typeOf(family), scaled(*values, family));
  }
  return metric;
}

}  // namespace

namespace proto {

ProtoWriter family(std::string_view name, std::string_view help, Type type) {
  ProtoWriter message;
  message.text(kName, name).text(kHelp, help).number(kType, static_cast<std::uint64_t>(type));
  return message;
}

void addLabel(ProtoWriter& metric, std::string_view name, std::string_view value) {
  metric.message(kLabel, ProtoWriter().text(1, name).text(2, value));
}

void addValue(ProtoWriter& metric, Type type, double value) {
  std::uint32_t field = kUntyped;
  if (type == Type::kCounter) field = kCounter;
  if (type == Type::kGauge) field = kGauge;
  metric.message(field, ProtoWriter().real(1, value));
}

void addMetric(ProtoWriter& family, const ProtoWriter& metric) { family.message(kMetric, metric); }

void appendDelimited(const ProtoWriter& family, std::string& out) {
  std::size_t size = family.bytes().size();
  for (; size >= 0x80; size >>= 7U) out += static_cast<char>(size | 0x80U);
  out += static_cast<char>(size);
  out += family.bytes();
}

}  // namespace proto

void appendProtobuf(const SeriesTable& table, const DetailTable& details, bool native,
                    std::string& out) {
  for (const SeriesTable::Member& member : table.families()) {
    const MetricFamily& family = *member.family;
    ProtoWriter message = proto::family(family.name, family.help, typeOf(family));
    bool begun = false;
    for (const std::uint32_t index : member.series) {
      const Series& series = table.series(index);
      if (series.left) continue;
      begun = true;
      const Detail* const detail = details.find(series.key);
      proto::addMetric(message, encodedMetric(table, series, detail, native));
    }
    if (begun) proto::appendDelimited(message, out);
  }
}

}  // namespace weir::metrics
