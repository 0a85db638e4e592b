#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/names.h"
#include "core/base/reason.h"
#include "core/event/loop.h"
#include "core/http/codec.h"

// The interface to weir's own HTTP client, for every part that sends requests of its own: filters,
// discoveries, health checks, exporters. Implemented by upstream::Client.
namespace weir::http {

struct CallHeader {
  std::string_view name;
  std::string_view value;
};

// A request of weir's own. All of it is copied before Client::call() returns, so that views of
// temporary text are allowed.
struct CallRequest {
  enum class Body : std::uint8_t {
    kNone,
    kWhole,     // `body`
    kStreamed,  // follows by Call::sendBody() and Call::finish()
  };

  std::string_view method = "GET";
  std::string_view authority = {};  // Host; empty: the name of the upstream's host
  std::string_view target = "/";    // path and query, in the form in which they are sent
  // End-to-end headers. Host, Content-Length, Connection and other fields for framing must not be
  // among them; User-Agent is added unless it is.
  std::vector<CallHeader> headers = {};
  Body body_kind = Body::kNone;
  Bytes body = {};                                   // with kWhole
  std::optional<std::uint64_t> content_length = {};  // with kStreamed, if it is known
  bool accepts_trailers = false;                     // TE: trailers
};

struct CallOptions {
  Milliseconds timeout{5'000};        // for the whole call; 0: no limit
  Milliseconds attempt_timeout{0};    // for each attempt, until the response's head; 0: no limit
  unsigned attempts = 1;              // the first included
  bool retry_non_idempotent = false;  // the method may be repeated although it is not idempotent
  // Waits, within the timeout, for the first result of the upstream's discovery instead of failing.
  bool awaits_discovery = false;
  std::size_t most_body = std::size_t{1024} * 1024;  // of the response, for fetch()
  std::string_view purpose = {};  // for the log, such as "forward_auth"; static text
};

// A call in progress: accepts the request's body (BodySink) and can pause the response's
// (BodySource).
//
// Destroying it cancels the call, at any moment and also from within an event; no event follows.
// After onEnd or onFailed, its methods have no effect. queued() includes bytes that wait for a
// connection. If the client is destroyed first, the call ends without an event.
class Call : public BodySink, public BodySource {};

// Receives the events of a call; outlives it. No event comes from within Client::call() or from
// within a method of the call. An event may destroy the call.
class CallEvents {
 public:
  virtual ~CallEvents() = default;
  // The final head of the response, once. Valid until the call is destroyed.
  virtual void onHead(const Response& response) = 0;
  virtual void onBody(Bytes bytes) = 0;             // valid during the call only
  virtual void onEnd(const Headers& trailers) = 0;  // valid until the call is destroyed
  // Instead of onEnd, before or after onHead: the call failed, after all attempts. `reason` is what
  // an exchange would report for this upstream.
  virtual void onFailed(Reason reason, Error error) = 0;
  // queued() fell to the low-water mark: more of the request's body may be sent.
  virtual void onDrained() {}
};

// Sends requests to upstreams of the configuration, over the connections of one loop: those of a
// worker, or of the control thread.
//
// Thread: that of the loop.
class Client {
 public:
  virtual ~Client() = default;
  virtual event::Loop& loop() = 0;
  // Never null. A failure, such as an upstream that does not exist, is reported by onFailed.
  [[nodiscard]] virtual std::unique_ptr<Call> call(NameId upstream, const CallRequest& request,
                                                   const CallOptions& options,
                                                   CallEvents& events) = 0;
};

}  // namespace weir::http
