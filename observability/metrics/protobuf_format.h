#pragma once

#include <string>
#include <string_view>

#include "core/base/protobuf.h"
#include "observability/metrics/detail_table.h"
#include "observability/metrics/series.h"

namespace weir::metrics {

// Appends all series of the table as messages io.prometheus.client.MetricFamily, each with its
// length in front. With `native`, histograms with details are native ones as well.
void appendProtobuf(const SeriesTable& table, const DetailTable& details, bool native,
                    std::string& out);

// The fields of MetricFamily and of the messages in it, for the metrics of prometheus-cpp.
namespace proto {
enum class Type : std::uint8_t { kCounter = 0, kGauge = 1, kUntyped = 3, kHistogram = 4 };
ProtoWriter family(std::string_view name, std::string_view help, Type type);
void addLabel(ProtoWriter& metric, std::string_view name, std::string_view value);
void addValue(ProtoWriter& metric, Type type, double value);
void addMetric(ProtoWriter& family, const ProtoWriter& metric);
void appendDelimited(const ProtoWriter& family, std::string& out);
}  // namespace proto

}  // namespace weir::metrics
