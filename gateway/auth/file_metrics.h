#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

// Metrics of the files with keys, users and addresses.
namespace weir::gateway {

enum class FileRead : std::uint8_t { kSuccess, kFailure };
inline constexpr std::string_view kFileReadWords[] = {"success", "failure"};

inline constexpr CounterFamily kFileReadsFamily{
    "weir_filter_file_reads_total",
    "Attempts to read a file of keys, users or addresses.",
    {{"file", KeyPart::kNameA}, {"result", KeyPart::kFirst, wordOf<kFileReadWords>}}};
constexpr CounterKey fileReadsKey(NameId file, FileRead result) {
  return {kFileReadsFamily, {.a = file}, {.first = field(result)}};
}

void addFileMetrics(MetricFamilies& families);

}  // namespace weir::gateway
