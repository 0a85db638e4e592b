#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"
#include "core/base/metric_labels.h"

// Metrics of the server as a whole: its configuration, load and lifetime.
namespace weir::server {

void addMetrics(MetricFamilies& families);

enum class ReloadResult : std::uint8_t { kApplied, kRejected };
inline constexpr std::string_view kReloadResultWords[] = {"applied", "rejected"};

inline constexpr CounterFamily kConfigReloadsFamily{
    "weir_config_reloads_total",
    "Reloads of the configuration, by result.",
    {{"result", KeyPart::kFirst, wordOf<kReloadResultWords>}}};
constexpr CounterKey configReloadsKey(ReloadResult result) {
  return {kConfigReloadsFamily, {}, {.first = field(result)}};
}

inline constexpr GaugeFamily kConfigLastReloadSuccessfulFamily{
    "weir_config_last_reload_successful",
    "1 if the latest reload was applied or changed nothing, 0 if it was rejected."};
constexpr GaugeKey configLastReloadSuccessfulKey() {
  return {kConfigLastReloadSuccessfulFamily, {}};
}

inline constexpr GaugeFamily kConfigLastSuccessFamily{
    "weir_config_last_success_timestamp_seconds",
    "Time of the last applied configuration, in seconds since 1970.",
    {},
    MetricUnit::kNanoseconds};
constexpr GaugeKey configLastSuccessTimestampKey() {  // nanoseconds of the wall clock
  return {kConfigLastSuccessFamily, {}};
}

inline constexpr GaugeFamily kConfigGenerationFamily{"weir_config_generation",
                                                     "Number of the configuration in force."};
constexpr GaugeKey configGenerationKey() { return {kConfigGenerationFamily, {}}; }

inline constexpr GaugeFamily kConfigActiveGenerationsFamily{
    "weir_config_active_generations", "Configurations still in use by requests or tunnels."};
constexpr GaugeKey configActiveGenerationsKey() { return {kConfigActiveGenerationsFamily, {}}; }

inline constexpr HistogramFamily kConfigReloadDurationFamily{
    "weir_config_reload_duration_seconds", "Time to read, check and publish a configuration."};
constexpr HistogramKey configReloadDurationKey() { return {kConfigReloadDurationFamily, {}}; }

inline constexpr GaugeFamily kOverloadLevelFamily{
    "weir_overload_level",
    "Load shedding for lack of memory: 0 none, 1 connections are refused, 2 streams are reset, "
    "too."};
constexpr GaugeKey overloadLevelKey() { return {kOverloadLevelFamily, {}}; }

inline constexpr GaugeFamily kDrainingFamily{"weir_draining", "1 while the process drains."};
constexpr GaugeKey drainingKey() { return {kDrainingFamily, {}}; }

inline constexpr GaugeFamily kBuildInfoFamily{
    "weir_build_info",
    "Always 1; the labels contain role and version.",
    {{"role", KeyPart::kNameA}, {"version", KeyPart::kNameB}}};
constexpr GaugeKey buildInfoKey(NameId role, NameId version) {
  return {kBuildInfoFamily, {.a = role, .b = version}};
}

}  // namespace weir::server
