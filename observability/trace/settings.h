#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config/role.h"
#include "core/config/units.h"
#include "core/http/trace_context.h"
#include "observability/otlp/environment.h"
#include "observability/otlp/settings.h"

namespace weir::trace {

// Whose traces are continued.
enum class ParentTrust : std::uint8_t { kTrusted, kAll, kNone };

// Traces that are kept although they were not sampled.
struct TailSettings {
  bool errors = false;
  std::optional<Milliseconds> slower_than;

  static void read(config::Table& table, TailSettings& out);
  friend bool operator==(const TailSettings&, const TailSettings&) = default;
};

// [tracing]
struct Settings {
  std::optional<config::Percent> sample;
  config::ByRole<ParentTrust> parent{ParentTrust::kTrusted, ParentTrust::kAll};
  bool parent_decides = true;
  TailSettings tail;
  std::vector<http::TraceFormat> accept{http::TraceFormat::kW3c};
  std::vector<http::TraceFormat> send{http::TraceFormat::kW3c};
  bool formats_given = false;  // not a setting: `accept` or `send` was written
  otlp::Settings exporter;

  static void read(config::Table& table, Settings& out);
  friend bool operator==(const Settings&, const Settings&) = default;
};

// How spans are made: the settings with the variables of the environment and the defaults.
struct Sampling {
  double ratio = 1;
  ParentTrust parent = ParentTrust::kTrusted;
  bool parent_decides = true;
  TailSettings tail;
  std::vector<http::TraceFormat> accept;
  std::vector<http::TraceFormat> send;

  friend bool operator==(const Sampling&, const Sampling&) = default;
};
Sampling samplingOf(const Settings& settings, config::Role role, otlp::Environment& environment);

}  // namespace weir::trace
