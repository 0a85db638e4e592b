#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/filter/verdict.h"
#include "core/http/codec.h"
#include "core/http/record.h"
#include "core/proxy/downstream_owner.h"
#include "core/proxy/engine.h"
#include "core/proxy/forwarded.h"
#include "core/proxy/interception.h"
#include "core/proxy/mirror.h"
#include "core/proxy/plan.h"
#include "core/proxy/relay.h"
#include "core/proxy/tap.h"
#include "core/proxy/tracer.h"
#include "core/regex/captures.h"
#include "core/route/affinity.h"
#include "core/route/variables.h"
#include "core/upstream/attempt.h"
#include "core/upstream/share.h"
#include "core/upstream/tries.h"

namespace weir::proxy {

// The peer of an exchange's connection.
struct ConnectionPeer {
  IpAddress ip;
  const net::Security* security = nullptr;     // null: plaintext
  upstream::Share* share = nullptr;            // of its connection; null: of each exchange
  const Interception* interception = nullptr;  // null: the connection was not redirected
  std::uint16_t port = 0;                      // at which it was directed; 0: none

  // Null if the peer did not present a certificate.
  const net::PeerCertificate* peer() const {
    return security == nullptr ? nullptr : security->peer.get();
  }
};

// Why a response is not that of the upstream.
struct Failure {
  Reason reason = Reason::kNone;
  std::string_view detail;
  NameId filter = 0;  // that sent the local reply
};

// The stages of an exchange, in the order of a request's life. A failure replies locally; a retry
// returns to kPickEndpoint.
enum class Stage : std::uint8_t {
  kAdmission,
  kListenerFilters,
  kRequestFilters,
  kPickEndpoint,
  kConnect,
  kForward,
  kAwaitHead,     // of the response
  kAwaitMessage,  // the head waits until a message or the trailers arrive
  kResponseFilters,
  kReply,
  kDone,
};

// A request, the decisions about it, and its progress. Known to all parts of an exchange.
//
// Owned by: Exchange. Its destruction releases the plan.
struct ExchangeState {
  ExchangeState(Engine& its_engine, DownstreamOwner& its_listener, const ConnectionPeer& its_peer,
                http::Responder& its_responder)
      : engine(its_engine),
        listener(its_listener),
        responder(its_responder),
        peer(its_peer),
        arena(loop().scratch()),
        request(arena),
        response(arena),
        request_relay(loop().chunks()),
        response_relay(loop().chunks()),
        started(loop().eventTime()) {
    request_relay.setSource(responder);
  }
  ~ExchangeState() {
    if (pinned != nullptr) engine.unpin(*pinned);
  }
  ExchangeState(const ExchangeState&) = delete;
  ExchangeState& operator=(const ExchangeState&) = delete;

  event::Loop& loop() const { return engine.loop(); }
  const Plan& plan() const { return *pinned->plan; }
  // Also for a request whose head is incomplete.
  const ListenerPlan& listenerPlan() const {
    return listener_plan == nullptr ? listener.plan() : *listener_plan;
  }
  NameId routeId() const { return route == nullptr ? 0 : route->id; }
  const route::RetryPolicy& retryPolicy() const {
    return route->retry != nullptr ? *route->retry : plan().defaults.retry;
  }
  Nanoseconds elapsed() const { return loop().eventTime() - started; }
  route::ExchangeVariables variables() const;
  // The headers of a response that comes from the route.
  void applyRouteHeaders() {
    if (!route->response_headers.empty()) {
      route->response_headers.apply(response.headers, variables());
    }
  }

  // The request's body, once the filters have seen it.
  void passRequestBody(Bytes bytes) {
    mirrors.push(bytes);
    request_relay.push(bytes);
  }
  void endRequestBody() {
    mirrors.end(&request.trailers);
    request_relay.end(&request.trailers);
  }
  // Gives up the attempt in progress, if there is one.
  void dropAttempt(AttemptOutcome outcome, Reason reason);

  Engine& engine;
  DownstreamOwner& listener;
  http::Responder& responder;
  const ConnectionPeer peer;

  // The request and the decisions about it.
  Arena arena;
  http::Request request;
  http::Response response;
  PinnedPlan* pinned = nullptr;
  const ListenerPlan* listener_plan = nullptr;
  const route::Route* route = nullptr;
  Captures captures;
  Downstream downstream;
  std::string_view request_id;
  std::string_view original_path;
  std::string_view admitted_path;  // normalized, before the route rewrites it
  std::string_view original_query;
  http::ExchangeView* view = nullptr;  // in the arena, once a filter asks for it
  route::Session* session = nullptr;   // of the client, in the arena; null: none
  Mirrors mirrors;
  Trace* trace = nullptr;          // in the arena; null: the request is not traced
  ExchangeSteps* steps = nullptr;  // in the arena; null: no tap watches

  upstream::Share own_share;  // unless the connection has one
  upstream::Tries tries;
  upstream::Attempt* attempt = nullptr;  // the one in progress, or its place

  Relay request_relay;
  Relay response_relay;

  Stage stage = Stage::kAdmission;
  bool running = false;  // a stage or a filter is on the stack
  bool request_ended = false;
  bool response_begun = false;  // the head has been sent to the client
  bool upstream_ended = false;
  bool tunnel = false;
  Failure failure;
  int status = 0;  // as sent to the client
  std::uint64_t local_body_bytes = 0;
  std::string_view endpoint;  // of the latest attempt
  std::string_view upstream_identity;
  std::optional<Milliseconds> deadline;  // the caller's, on the loop's clock

  const Nanoseconds started;
  http::PhaseTimes times;
};

// How the parts of an exchange make it continue or end. Implemented by Exchange.
class ExchangeFlow {
 public:
  virtual ~ExchangeFlow() = default;
  // Continues with the stage. The exchange may be destroyed on return.
  virtual void run() = 0;
  // Ends the exchange, by a local reply if the response has not begun; run() must follow. `filter`:
  // that replies; 0: none.
  virtual void replyLocally(const filter::LocalReply& reply, NameId filter) = 0;
  void fail(Reason reason, std::string_view detail);
  // Ends the response with that of the upstream, and with it the exchange.
  virtual void finishResponse() = 0;
  // The exchange is complete: counts and reports it. run() must follow.
  virtual void complete() = 0;
};

}  // namespace weir::proxy
