#include "core/server/http2_settings.h"

namespace weir::server {
namespace {

using namespace std::chrono_literals;

// RFC 9113, 6.9.2: what a peer has before it has read our SETTINGS.
constexpr std::uint64_t kSmallestWindow = 65'535;
constexpr std::uint64_t kLargestWindow = 0x7FFFFFFF;

template <typename Settings>
void readCommon(config::Table& table, Settings& out) {
  table.read("stream_window", out.stream_window,
             "How much of one body may be on its way before its receiver takes it.",
             {.min = config::Size{1024}, .max = config::Size{16 * 1024 * 1024}});
  table.read("connection_window", out.connection_window, "The same, of all bodies.",
             {.min = config::Size{kSmallestWindow}, .max = config::Size{kLargestWindow}});
  table.read("header_table", out.header_table,
             "For the compression of headers, in each direction of each connection.",
             {.min = config::Size{0}, .max = config::Size{64 * 1024}});
  table.read("ping_interval", out.ping_interval, Settings::kPingHelp, {.min = 0ms, .max = 24h});
  table.read("ping_timeout", out.ping_timeout,
             "For the answer to a PING; a connection without one is closed.",
             {.min = 10ms, .max = 1h});
}

template <typename Settings>
http::h2::Options commonOptions(const Settings& settings, const http::Limits& limits) {
  http::h2::Options options;
  options.limits = limits;
  options.max_streams = settings.max_streams;
  options.stream_window = static_cast<std::uint32_t>(settings.stream_window.bytes);
  options.connection_window = static_cast<std::uint32_t>(settings.connection_window.bytes);
  options.header_table = static_cast<std::uint32_t>(settings.header_table.bytes);
  options.ping_interval = settings.ping_interval.value_or(options.ping_interval);
  options.ping_timeout = settings.ping_timeout;
  return options;
}

}  // namespace

void ListenerHttp2Settings::read(config::Table& table, ListenerHttp2Settings& out) {
  table.read("max_streams", out.max_streams, "Requests of a connection at the same time.",
             {.min = 1, .max = 10'000});
  readCommon(table, out);
  table.read("buffer_limit", out.buffer_limit,
             "Limit of the bytes of answers that a connection holds because the client has not "
             "made room for them; a stream that would exceed it is reset.",
             {.min = config::Size{64 * 1024}});
  table.read("reset_burst", out.resets.burst,
             "Requests of a connection that a client may take back at once; a client that exceeds "
             "this is sent away. Each answered request allows one more, and one taken back after "
             "its answer began counts as a tenth.",
             {.min = 1, .max = 1'000'000});
  table.read("reset_rate", out.resets.per_second, "And in each second after that.",
             {.min = 0, .max = 1'000'000});
  table.read("control_burst", out.control_frames.burst,
             "PING, SETTINGS, PRIORITY and empty frames that it may send at once. Each head and "
             "each frame of data, in either direction, allows one more.",
             {.min = 1, .max = 1'000'000});
  table.read("control_rate", out.control_frames.per_second, "And in each second after that.",
             {.min = 0, .max = 1'000'000});
}

http::h2::Options ListenerHttp2Settings::options(const http::Limits& limits) const {
  http::h2::Options options = commonOptions(*this, limits);
  options.buffer_limit = buffer_limit.bytes;
  options.resets = resets;
  options.control = control_frames;
  return options;
}

void UpstreamHttp2Settings::read(config::Table& table, UpstreamHttp2Settings& out) {
  table.read("max_streams", out.max_streams,
             "Requests on a connection at the same time, if the endpoint allows as many.",
             {.min = 1, .max = 10'000});
  readCommon(table, out);
}

http::h2::Options UpstreamHttp2Settings::options(const http::Limits& limits) const {
  return commonOptions(*this, limits);
}

}  // namespace weir::server
