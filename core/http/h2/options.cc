#include "core/http/h2/options.h"

#include "core/config/table.h"

namespace weir::http::h2 {
namespace {

using namespace std::chrono_literals;

// RFC 9113, 6.9.2: what a peer has before it has read our SETTINGS.
constexpr config::Size kSmallestWindow{65'535};
constexpr config::Size kLargestWindow{0x7FFFFFFF};

void readCommon(config::Table& table, Options& out, std::string_view ping_meaning) {
  table.readBytes("stream_window", out.stream_window,
                  "How much of one body may be on its way before its receiver takes it.",
                  {.min = config::Size{1024}, .max = config::Size{16 * 1024 * 1024}});
  table.readBytes("connection_window", out.connection_window, "The same, of all bodies.",
                  {.min = kSmallestWindow, .max = kLargestWindow});
  table.readBytes("header_table", out.header_table,
                  "For the compression of headers, in each direction of each connection.",
                  {.min = config::Size{0}, .max = config::Size{64 * 1024}});
  table.read("ping_interval", out.ping_interval, ping_meaning, {.min = 0ms, .max = 24h});
  table.read("ping_timeout", out.ping_timeout,
             "For the answer to a PING; a connection without one is closed.",
             {.min = 10ms, .max = 1h});
}

}  // namespace

void ServerOptions::read(config::Table& table, ServerOptions& out) {
  table.read("max_streams", out.max_streams, "Requests of a connection at the same time.",
             {.min = 1, .max = 10'000});
  readCommon(table, out,
             "After so long a silence the client is asked by a PING whether it is still there. 0: "
             "never.");
  table.readBytes("buffer_limit", out.buffer_limit,
                  "Limit of the bytes of answers that a connection holds because the client has "
                  "not made room for them; a stream that would exceed it is reset.",
                  {.min = config::Size{64 * 1024}});
  table.read("reset_burst", out.resets.burst,
             "Requests of a connection that a client may take back at once; a client that exceeds "
             "this is sent away. Each answered request allows one more, and one taken back after "
             "its answer began counts as a tenth.",
             {.min = 1, .max = 1'000'000});
  table.read("reset_rate", out.resets.per_second, "And in each second after that.",
             {.min = 0, .max = 1'000'000});
  table.read("control_burst", out.control.burst,
             "PING, SETTINGS, PRIORITY and empty frames that it may send at once. Each head and "
             "each frame of data, in either direction, allows one more.",
             {.min = 1, .max = 1'000'000});
  table.read("control_rate", out.control.per_second, "And in each second after that.",
             {.min = 0, .max = 1'000'000});
}

void ClientOptions::read(config::Table& table, ClientOptions& out) {
  table.read("max_streams", out.max_streams,
             "Requests on a connection at the same time, if the endpoint allows as many.",
             {.min = 1, .max = 10'000});
  readCommon(table, out,
             "After so long a silence the endpoint is asked by a PING whether it is still there. "
             "0: never. Default: 10s with identity, else 0: many servers of gRPC send away who "
             "asks more often than every five minutes.");
}

}  // namespace weir::http::h2
