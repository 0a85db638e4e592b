#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/config/units.h"

namespace weir::config {
class Table;
}

namespace weir::upstream {

// `http = "/healthz"`, or { path = "...", expected_statuses = [...] }.
struct HttpCheckOptions {
  static constexpr std::string_view kShortKey = "path";
  struct StatusRange {
    int first;
    int last;
    friend bool operator==(const StatusRange&, const StatusRange&) = default;
  };

  std::string path = "/";
  std::string method = "GET";
  std::optional<std::string> host;
  std::map<std::string, std::string> headers;
  std::vector<std::string> expected_statuses = {"200-299"};
  std::string expected_body;                       // a part of it; empty: any
  std::vector<StatusRange> ranges = {{200, 299}};  // of `expected_statuses`

  static void read(config::Table& table, HttpCheckOptions& out);
  bool expects(int status) const;
  friend bool operator==(const HttpCheckOptions&, const HttpCheckOptions&) = default;
};

struct GrpcCheckOptions {
  static constexpr std::string_view kShortKey = "service";

  std::string service;  // empty: the server as a whole
  std::optional<std::string> authority;

  static void read(config::Table& table, GrpcCheckOptions& out);
  friend bool operator==(const GrpcCheckOptions&, const GrpcCheckOptions&) = default;
};

struct TcpCheckOptions {
  std::string send;
  std::string expect;  // the beginning of what the endpoint sends; empty: anything or nothing

  static void read(config::Table& table, TcpCheckOptions& out);
  friend bool operator==(const TcpCheckOptions&, const TcpCheckOptions&) = default;
};

// [upstream.NAME.health_check]
struct HealthCheckOptions {
  enum class Initial : std::uint8_t { kHealthy, kUnhealthy };

  // One of them.
  std::optional<HttpCheckOptions> http = {};
  std::optional<GrpcCheckOptions> grpc = {};
  std::optional<TcpCheckOptions> tcp = {};
  Milliseconds interval{5'000};
  Milliseconds unhealthy_interval{2'000};
  config::Percent jitter{10};
  Milliseconds timeout{1'000};
  std::uint32_t healthy_threshold = 2;
  std::uint32_t unhealthy_threshold = 3;
  Initial initial = Initial::kHealthy;

  static void read(config::Table& table, HealthCheckOptions& out);
  friend bool operator==(const HealthCheckOptions&, const HealthCheckOptions&) = default;
};

}  // namespace weir::upstream
