#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

// Metrics of the export of spans and log records.
namespace weir::otlp {

enum class Signal : std::uint8_t { kTraces, kLogs };
inline constexpr std::string_view kSignalWords[] = {"traces", "logs"};

// Why records were dropped.
enum class DropCause : std::uint8_t {
  kQueueFull,  // the collector does not keep up, or is away
  kTooLarge,   // a record that does not fit into a block
  kRefused,    // by the collector, whole requests or single records
  kExpired,    // could not be delivered in time
  kShutdown,   // not delivered when the process ended
};
inline constexpr std::string_view kDropCauseWords[] = {"queue_full", "too_large", "refused",
                                                       "expired", "shutdown"};

enum class ExportResult : std::uint8_t { kOk, kRetried, kRefused };
inline constexpr std::string_view kExportResultWords[] = {"ok", "retried", "refused"};

inline constexpr MetricLabel kSignalLabel{"signal", KeyPart::kFirst, wordOf<kSignalWords>};

inline constexpr CounterFamily kExportedFamily{
    "weir_otlp_exported_total",
    "Spans and log records that a collector has accepted.",
    {kSignalLabel}};
constexpr CounterKey exportedKey(Signal signal) {
  return {kExportedFamily, {}, {.first = field(signal)}};
}

inline constexpr CounterFamily kExportDroppedFamily{
    "weir_otlp_dropped_total",
    "Spans and log records that were dropped.",
    {kSignalLabel, {"cause", KeyPart::kSecond, wordOf<kDropCauseWords>}}};
constexpr CounterKey exportDroppedKey(Signal signal, DropCause cause) {
  return {kExportDroppedFamily, {}, {.first = field(signal), .second = field(cause)}};
}

inline constexpr CounterFamily kExportRequestsFamily{
    "weir_otlp_requests_total",
    "Requests to a collector: accepted, failed so that they are repeated, or refused.",
    {kSignalLabel, {"result", KeyPart::kSecond, wordOf<kExportResultWords>}}};
constexpr CounterKey exportRequestsKey(Signal signal, ExportResult result) {
  return {kExportRequestsFamily, {}, {.first = field(signal), .second = field(result)}};
}

inline constexpr GaugeFamily kExportQueueFamily{
    "weir_otlp_queue_records", "Spans and log records that wait for a collector.", {kSignalLabel}};
constexpr GaugeKey exportQueueKey(Signal signal) {
  return {kExportQueueFamily, {}, {.first = field(signal)}};
}

void addMetrics(MetricFamilies& families);

}  // namespace weir::otlp
