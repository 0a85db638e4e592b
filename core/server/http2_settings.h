#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/config/table.h"
#include "core/http/h2/options.h"

// What is written of HTTP/2; the defaults are those of http::h2::Options.
namespace weir::server {

// [listener.http2]
struct ListenerHttp2Settings {
  std::uint32_t max_streams = 100;
  config::Size stream_window{64 * 1024};
  config::Size connection_window{1024 * 1024};
  config::Size header_table{4096};
  config::Size buffer_limit{http::h2::Options().buffer_limit};
  http::h2::Rate resets = http::h2::Options().resets;
  http::h2::Rate control_frames = http::h2::Options().control;
  std::optional<Milliseconds> ping_interval;
  Milliseconds ping_timeout = http::h2::Options().ping_timeout;

  static constexpr std::string_view kPingHelp =
      "After so long a silence the client is asked by a PING whether it is still there. 0: never. "
      "Default: 0.";
  static void read(config::Table& table, ListenerHttp2Settings& out);
  http::h2::Options options(const http::Limits& limits) const;
};

// [upstream.NAME.http2]
struct UpstreamHttp2Settings {
  std::uint32_t max_streams = 100;
  config::Size stream_window{256 * 1024};
  config::Size connection_window{4 * 1024 * 1024};
  config::Size header_table{4096};
  std::optional<Milliseconds> ping_interval;
  Milliseconds ping_timeout = http::h2::Options().ping_timeout;

  static constexpr std::string_view kPingHelp =
      "After so long a silence the endpoint is asked by a PING whether it is still there. 0: "
      "never. Default: 10s with identity, else 0: many servers of gRPC send away who asks more "
      "often than every five minutes.";
  static void read(config::Table& table, UpstreamHttp2Settings& out);
  http::h2::Options options(const http::Limits& limits) const;
};

}  // namespace weir::server
