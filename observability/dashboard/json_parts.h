#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/names.h"
#include "observability/dashboard/overview_json.h"
#include "observability/dashboard/traffic.h"

// Parts of the pages that several of them have. `Json` is a nlohmann::ordered_json.
namespace weir::dashboard {

template <typename Json>
std::string textOf(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Three decimal places are enough for people, and keep pages short.
inline double rounded(double value) { return std::round(value * 1'000) / 1'000; }

template <typename Json>
Json jsonOf(const std::optional<double>& value) {
  return value ? Json(rounded(*value)) : Json(nullptr);
}

// Of the wall clock, as JavaScript counts.
inline std::int64_t millisecondsOf(Nanoseconds time) {
  return std::chrono::floor<Milliseconds>(time).count();
}

template <typename Json>
Json trafficJson(const Traffic& traffic) {
  return {{"per_second", rounded(traffic.per_second)},
          {"client_errors_per_second", rounded(traffic.client_errors_per_second)},
          {"server_errors_per_second", rounded(traffic.server_errors_per_second)},
          {"success", traffic.success ? Json(*traffic.success) : Json(nullptr)},
          {"p50_ms", jsonOf<Json>(traffic.p50)},
          {"p95_ms", jsonOf<Json>(traffic.p95)},
          {"p99_ms", jsonOf<Json>(traffic.p99)}};
}

template <typename Json>
Json sumsJson(const Sums& sums) {
  return {{"requests", sums.requests},
          {"client_errors", sums.client_errors},
          {"server_errors", sums.server_errors}};
}

inline std::string_view nameOf(const NameTable& names, NameId id) {
  return id < names.size() ? names.name(id) : std::string_view("__other__");
}

// Each worker ejects endpoints by itself: at least so many are ejected.
inline std::int64_t ejectedOf(const Scene& scene, const UpstreamGauges& gauges) {
  const auto workers = static_cast<std::int64_t>(std::max<std::size_t>(scene.workers, 1));
  return (gauges.ejected + workers - 1) / workers;
}

// What every page begins with.
template <typename Json>
Json headOf(const Scene& scene) {
  return {{"at", millisecondsOf(scene.wall)},
          {"role", scene.topology.role},
          {"version", versionOfWeir()},
          {"generation", scene.topology.generation},
          {"workers", scene.workers},
          {"draining", scene.draining},
          {"connections", scene.samples.connections()},
          {"in_flight", scene.samples.inFlight()},
          {"window_seconds", rounded(scene.samples.windowSeconds())},
          {"latest_event", scene.history.latest()},
          {"now", trafficJson<Json>(scene.samples.total())},
          {"total", sumsJson<Json>(scene.samples.totalSums())}};
}

}  // namespace weir::dashboard
