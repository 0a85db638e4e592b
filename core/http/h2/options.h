#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/clock.h"
#include "core/http/limits.h"

namespace weir::config {
class Table;
}

namespace weir::http::h2 {

// The size of each field beyond its text, in bytes of a head (RFC 9113, 6.5.2).
inline constexpr std::size_t kFieldCost = 32;

// A rate limit: `burst` events at once, and `per_second` in the long run.
struct Rate {
  std::uint32_t burst = 0;
  std::uint32_t per_second = 0;

  friend bool operator==(const Rate&, const Rate&) = default;
};

// The behavior of weir's side of a connection; most of it is announced to the peer (RFC 9113,
// 6.5.2).
struct Options {
  Limits limits;                                   // of received heads
  std::uint32_t max_streams = 100;                 // concurrent, opened by either side
  std::uint32_t stream_window = 64 * 1024;         // bytes of one body in flight to weir
  std::uint32_t connection_window = 1024 * 1024;   // bytes of all bodies
  std::uint32_t header_table = 4096;               // bytes, for each direction
  Rate resets{.burst = 1000, .per_second = 33};    // by a client: see Flood
  Rate control{.burst = 1000, .per_second = 100};  // by a client: PING, SETTINGS and the like

  Milliseconds send_timeout{60'000};  // for a client that reads nothing of a response; 0: none
  std::uint64_t buffer_limit = 16 * 1024 * 1024;  // bytes of responses not yet read by a client

  Milliseconds ping_interval{0};     // of silence before a PING is sent; 0: never
  Milliseconds ping_timeout{3'000};  // after the PING, for the peer to send anything

  friend bool operator==(const Options&, const Options&) = default;
};

// [listener.http2]
struct ServerOptions : Options {
  static void read(config::Table& table, ServerOptions& out);
  friend bool operator==(const ServerOptions&, const ServerOptions&) = default;
};

// [upstream.NAME.http2]
struct ClientOptions : Options {
  ClientOptions() {
    stream_window = 256 * 1024;
    connection_window = 4 * 1024 * 1024;
    limits = {.head_bytes = 64 * 1024, .target_bytes = 0, .headers = 200};
  }
  static void read(config::Table& table, ClientOptions& out);
  friend bool operator==(const ClientOptions&, const ClientOptions&) = default;
};

}  // namespace weir::http::h2
