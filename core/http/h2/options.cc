#include "core/http/h2/options.h"

#include "core/config/table.h"

namespace weir::http::h2 {
namespace {

using namespace std::chrono_literals;

// RFC 9113, 6.9.2: the window that a peer assumes before it has read weir's SETTINGS.
constexpr config::Size kSmallestWindow{65'535};
constexpr config::Size kLargestWindow{0x7FFFFFFF};

void readCommon(config::Table& table, Options& out, std::string_view ping_meaning) {
  table.readBytes("stream_window", out.stream_window, "Flow-control window of a stream.",
                  {.min = config::Size{1024}, .max = config::Size{16 * 1024 * 1024}});
  table.readBytes("connection_window", out.connection_window,
                  "Flow-control window of a connection.",
                  {.min = kSmallestWindow, .max = kLargestWindow});
  table.readBytes("header_table", out.header_table,
                  "Size of the HPACK dynamic table, per connection and direction.",
                  {.min = config::Size{0}, .max = config::Size{64 * 1024}});
  table.read("ping_interval", out.ping_interval, ping_meaning, {.min = 0ms, .max = 24h});
  table.read("ping_timeout", out.ping_timeout, "Time limit for the answer to a PING.",
             {.min = 10ms, .max = 1h});
}

}  // namespace

void ServerOptions::read(config::Table& table, ServerOptions& out) {
  table.read("max_streams", out.max_streams, "Maximum number of concurrent streams per connection.",
             {.min = 1, .max = 10'000});
  readCommon(table, out,
             "Time without data from the client after which a PING is sent. The connection is "
             "closed if the PING is not answered within ping_timeout. 0 disables it.");
  table.readBytes("buffer_limit", out.buffer_limit,
                  "Maximum number of response bytes buffered per connection while the client's "
                  "flow-control window is full. A stream that would exceed it is reset.",
                  {.min = config::Size{64 * 1024}});
  table.read("reset_burst", out.resets.burst,
             "Number of streams that a client may reset in a burst before the connection is closed "
             "(rapid reset protection). Each completed response allows one more; a reset after the "
             "response began counts as a tenth.",
             {.min = 1, .max = 1'000'000});
  table.read("reset_rate", out.resets.per_second,
             "Number of streams that a client may reset per second, beyond the burst.",
             {.min = 0, .max = 1'000'000});
  table.read("control_burst", out.control.burst,
             "Number of PING, SETTINGS, PRIORITY and empty frames that a client may send in a "
             "burst before the connection is closed. Each HEADERS and non-empty DATA frame, in "
             "either direction, allows one more.",
             {.min = 1, .max = 1'000'000});
  table.read("control_rate", out.control.per_second,
             "Number of PING, SETTINGS, PRIORITY and empty frames that a client may send per "
             "second, beyond the burst.",
             {.min = 0, .max = 1'000'000});
}

void ClientOptions::read(config::Table& table, ClientOptions& out) {
  table.read(
      "max_streams", out.max_streams,
      "Maximum number of concurrent streams per connection, unless the endpoint allows fewer.",
      {.min = 1, .max = 10'000});
  readCommon(table, out,
             "Time without data from the endpoint after which a PING is sent. The connection is "
             "closed if the PING is not answered within ping_timeout. 0 disables it. Many gRPC "
             "servers close connections that send more than one PING in five minutes. Default: 10s "
             "with identity, otherwise 0.");
}

}  // namespace weir::http::h2
