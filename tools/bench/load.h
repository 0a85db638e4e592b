#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bench/latency.h"
#include "tools/bench/loopback.h"
#include "tools/bench/reply_reader.h"
#include "tools/bench/tls_client.h"

namespace weir::bench {

struct LoadSettings {
  sockaddr_in target{};
  std::vector<std::string> requests;  // Sent in random order if there are several.
  std::size_t connections = 1;
  std::size_t in_flight = 1;     // Closed loop: maximum number of concurrent requests.
  bool new_connections = false;  // One connection per request.
  int expected_status = 200;
  std::int64_t expected_length = -1;  // Of the body; -1: any.
  std::uint64_t timeout = 0;          // Nanoseconds from the start of a request to its end.
  std::string tls;                    // "1.2" or "1.3"; empty: plaintext.
  std::string server_name;            // For SNI.
  bool resume = false;                // Connections resume the session of the first one.
};

// The length of one run. The first limit that is reached ends it; 0: no limit.
struct LoadRun {
  std::uint64_t requests = 0;
  std::uint64_t duration = 0;  // Nanoseconds.
  double rate = 0;             // Requests per second; 0: closed loop.
};

enum class Failure {
  kConnect,
  kClosed,
  kReset,
  kWrong,
  kStatus,
  kLength,
  kTimeout,
  kUnsent,
  kHandshake
};
inline constexpr std::array<std::string_view, 9> kFailureNames = {
    "connect", "closed", "reset", "wrong", "status", "length", "timeout", "unsent", "handshake"};

struct LoadResult {
  std::uint64_t completed = 0;
  std::array<std::uint64_t, kFailureNames.size()> failures{};
  std::uint64_t body_bytes = 0;
  std::uint64_t idle_closes = 0;  // The server closed a connection that had no request.
  std::uint64_t nanoseconds = 0;
  std::uint64_t handshakes = 0;  // TLS handshakes.
  std::uint64_t resumed = 0;     // Of those.
  std::string protection;        // TLS version and cipher of the very first one.
  Latency latency;               // Open loop: from the due time of a request.
  Latency late;                  // Open loop: from the due time to the time of sending.

  std::uint64_t failed() const;
};

// A load generator on one thread.
//
// A closed loop sends the next request after a response; an open loop sends by the clock, and a
// request without a free connection waits, which counts as part of its latency.
class Load {
 public:
  explicit Load(LoadSettings settings);

  // Opens every connection (unless each request opens its own); false if one is refused.
  bool connectAll();
  // SIGUSR1 ends a run early: requests in flight are completed, and no more are sent.
  LoadResult run(const LoadRun& run);

 private:
  enum class State { kClosed, kConnecting, kIdle, kBusy };
  struct Connection {
    int fd = -1;
    State state = State::kClosed;
    bool has_request = false;  // Connecting for a request, or busy with it.
    std::uint64_t due = 0;
    std::uint64_t started = 0;
    ReplyReader reply;
    bssl::UniquePtr<SSL> ssl;
  };

  void begin(const LoadRun& run);
  void dispatch();
  bool mayStart() const;
  bool finished() const;
  std::uint64_t nextDue() const;
  void startRequest(Connection& connection);
  void openConnection(Connection& connection);
  void sendRequest(Connection& connection);
  const std::string& chooseRequest();

  void waitForEvents();
  void onEvent(const epoll_event& event);
  void onConnecting(Connection& connection);
  void shakeHands(Connection& connection);
  void onConnected(Connection& connection);
  // Like send() and read(), with or without TLS.
  ssize_t sendBytes(Connection& connection, std::string_view bytes);
  ssize_t readBytes(Connection& connection);
  void onReadable(Connection& connection);
  // True if there may be more to read.
  bool readOnce(Connection& connection);
  void onBytes(Connection& connection, std::string_view bytes);
  Failure failureOf(const ReplyReader& reply) const;
  void onReply(Connection& connection);
  void onEnd(Connection& connection, bool reset);
  void fail(Connection& connection, Failure why);
  void release(Connection& connection);
  void closeConnection(Connection& connection);
  void expireRequests();

  const LoadSettings settings_;
  const int epoll_;
  const int stop_signal_;  // Readable after SIGUSR1.
  const std::unique_ptr<TlsClient> tls_;

  std::vector<Connection> connections_;
  std::vector<std::size_t> index_of_;  // Connection by descriptor.
  std::deque<std::size_t> idle_;       // The one that has been idle longest is used next.
  std::vector<char> incoming_;
  std::uint64_t random_ = 0x9e3779b97f4a7c15U;

  LoadRun current_;
  LoadResult result_;
  std::uint64_t began_ = 0;
  std::uint64_t now_ = 0;
  std::uint64_t last_check_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t busy_ = 0;
  std::uint64_t failures_in_a_row_ = 0;
  bool stopped_ = false;
};

}  // namespace weir::bench
