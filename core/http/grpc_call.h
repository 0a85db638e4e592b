#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/names.h"
#include "core/event/loop.h"
#include "core/http/client.h"
#include "core/http/grpc_status.h"

// gRPC calls of weir's own over an http::Client. Messages are bytes; the caller serializes them.
namespace weir::http {

// All of it is copied before the call is made.
struct GrpcRequest {
  std::string_view method = {};     // "/package.Service/Method"
  std::string_view authority = {};  // empty: the name of the upstream's host
  std::vector<CallHeader> metadata = {};
  // The only message that is sent: neither send() nor finish() may be called.
  std::optional<Bytes> message = {};
};

struct GrpcOptions {
  Milliseconds deadline{5'000};       // for the whole call, also sent to the server; 0: none
  unsigned attempts = 1;              // the first included
  bool retry_non_idempotent = false;  // a call that the server may have begun can be repeated
  std::size_t max_message = 4_MiB;    // of a received message
  // Waits, within the deadline, for the first result of the upstream's discovery.
  bool awaits_discovery = false;
  std::string_view purpose = {};  // for the log; static text
};

// Receives the events of a call; outlives it. No event comes from within a call to GrpcCall. An
// event may destroy the call.
class GrpcEvents {
 public:
  virtual ~GrpcEvents() = default;
  // The server's initial metadata. Not called if the call fails before, or if the server answers
  // with a status alone.
  virtual void onMetadata(const Headers&) {}
  virtual void onMessage(Bytes message) = 0;         // valid during the call only
  virtual void onEnd(const GrpcStatus& status) = 0;  // the last event, in any case
  virtual void onDrained() {}  // queued() fell to the low-water mark: more may be sent
};

// A streaming call. Destroying it cancels it, also from within an event; no event follows.
class GrpcCall final {
 public:
  GrpcCall(Client& client, NameId upstream, const GrpcRequest& request, const GrpcOptions& options,
           GrpcEvents& events);
  ~GrpcCall();
  GrpcCall(const GrpcCall&) = delete;
  GrpcCall& operator=(const GrpcCall&) = delete;

  void send(Bytes message);       // copied or sent on return; at most kMostGrpcMessage bytes
  void finish();                  // half-close: no message follows
  std::size_t queued() const;     // bytes not yet taken by the server
  void setReading(bool reading);  // messages already read may still be delivered after false

 private:
  class Stream;
  event::Loop& loop_;
  std::unique_ptr<Stream> stream_;
};

// The outcome of a unary call: a message if the status is kOk.
struct GrpcReply {
  GrpcStatus status;
  std::string message = {};
};

// A call with one message in each direction, that of `request` and that of the reply. `done` is
// called once, never from within grpcUnary(); it may destroy the call. Destroying the call cancels
// it.
class GrpcUnary {
 public:
  virtual ~GrpcUnary() = default;
};
[[nodiscard]] std::unique_ptr<GrpcUnary> grpcUnary(Client& client, NameId upstream,
                                                   const GrpcRequest& request,
                                                   const GrpcOptions& options,
                                                   std::function<void(GrpcReply)> done);

}  // namespace weir::http
