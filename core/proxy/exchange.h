#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/arena.h"
#include "core/event/wheel.h"
#include "core/filter/chain.h"
#include "core/http/codec.h"
#include "core/http/record.h"
#include "core/proxy/engine.h"
#include "core/proxy/forwarded.h"
#include "core/proxy/interception.h"
#include "core/proxy/metrics.h"
#include "core/proxy/mirror.h"
#include "core/proxy/plan.h"
#include "core/proxy/relay.h"
#include "core/proxy/tracer.h"
#include "core/regex/captures.h"
#include "core/route/variables.h"
#include "core/upstream/attempt.h"
#include "core/upstream/tries.h"

namespace weir::proxy {

class DownstreamOwner;

// The peer of an exchange's connection.
struct ConnectionPeer {
  net::Ip ip;
  const net::Security* security = nullptr;     // null: plaintext
  upstream::Share* share = nullptr;            // of its connection
  const Interception* interception = nullptr;  // null: the connection was not redirected

  // Null if the peer did not present a certificate.
  const net::PeerCertificate* peer() const {
    return security == nullptr ? nullptr : security->peer.get();
  }
};

// One request, from its head to the last byte of its response, with any version of HTTP on either
// side.
//
// Owned by: the connection's ExchangeSource, in a block of Engine::exchanges().
// Life:     onRequestHead starts it; Responder::release() is its last call.
class Exchange final : public http::RequestEvents,
                       private http::ResponseEvents,
                       private upstream::AttemptEvents,
                       private filter::Host {
 public:
  Exchange(Engine& engine, DownstreamOwner& listener, const ConnectionPeer& caller,
           http::Responder& responder);
  ~Exchange() override;

  // The stage functions below, in the order of a request's life. A failure goes to kReply with a
  // local reply; a retry returns to kPickEndpoint.
  enum class Stage : std::uint8_t {
    kAdmission,
    kListenerFilters,
    kRequestFilters,
    kPickEndpoint,
    kConnect,
    kForward,
    kResponseFilters,
    kReply,
    kDone,
  };

 private:
  struct Failure {
    Reason reason = Reason::kNone;
    std::string_view detail;
    NameId filter = 0;  // that sent the local reply
  };

  // http::RequestEvents
  http::Request& request() override { return request_; }
  void onRequestHead() override;
  void onRequestBody(Bytes bytes) override;
  void onRequestEnd() override;
  void onRequestFailed(Error error) override;
  void onResponseDrained() override { onDrained(filter::Side::kResponse, response_relay_); }
  // http::ResponseEvents
  http::Response& response() override { return response_; }
  void onInformational() override;
  void onResponseHead() override;
  void onResponseBody(Bytes bytes) override;
  void onResponseEnd() override;
  void onResponseFailed(Error error) override;
  void onRequestDrained() override { onDrained(filter::Side::kRequest, request_relay_); }
  // upstream::AttemptEvents
  void onAttemptDue() override { run(); }
  void onAcquired(const upstream::PooledConnection& lease) override;
  void onAcquireFailed(Error error) override;
  void onAttemptTimeout() override;
  void onAttemptEnded(const upstream::Member& member, const upstream::Outcome& outcome) override;
  // filter::Host
  event::Loop& loop() override { return engine_.loop(); }
  Arena& arena() override { return arena_; }
  std::string_view clientAddress() override { return downstream_.address; }
  IpAddress clientIp() override { return {downstream_.ip.bytes()}; }
  NameId route() override { return routeId(); }
  filter::WorkerParts* parts() override { return &engine_.parts(); }
  http::ExchangeView& view() override;
  void onResumed() override;
  void onWatched(filter::Side side, filter::BodyChain& bodies) override;
  void onBodyWanted() override;
  void onFiltered(filter::Side side, Bytes bytes) override;
  void onFilteredEnd(filter::Side side) override;
  void onReply(const filter::LocalReply& reply, NameId filter) override {
    replyLocally(reply, filter);
  }

  // exchange.cc: the stages
  void run();
  bool step();
  bool admitRequest();
  bool takeEarlySteps();
  bool filterEarly();
  bool findRoute();
  bool failUnrouted();
  bool filterRequest();
  bool pickEndpoint();
  bool connect();
  bool forward();
  bool filterResponse();
  bool reply();
  bool checkRequest();
  bool checkMemory();
  bool checkTrailers();
  bool takeAction();
  bool endForwards();
  bool prepareForward(NameId cluster);
  void startTunnel();
  void finishResponse();

  // exchange_filters.cc: the filters of the route
  void addFilters(const filter::Chain* chain);
  const filter::Chain* routeFilters() const;
  void noteRoute();
  bool passRequest();
  bool passFiltered();
  bool passResponse();
  filter::BodyChain* bodies(filter::Side side) const {
    return filters_ && !tunnel_ ? filters_->bodies(side) : nullptr;
  }
  template <typename Work>
  void guarded(Work work);
  void onDrained(filter::Side side, Relay& relay);
  void pushFiltered(filter::BodyChain& bodies, Bytes bytes);
  void endFiltered(filter::BodyChain& bodies);
  void passRequestBody(Bytes bytes);
  void endRequestBody();

  // exchange_affinity.cc: sessions and keys
  std::optional<NameId> chooseCluster();
  std::optional<NameId> clusterOfSession(const route::Forward& forward);
  Reason beginAttempt();
  Reason beginByAffinity();
  upstream::Member* endpointOfSession(const upstream::Cluster& cluster) const;
  bool sessionIsLost(const upstream::Cluster& cluster, const upstream::Member* endpoint) const;
  void keepSession();

  // exchange_interception.cc: requests on redirected connections
  const route::Route* routeOf(const route::Source& source);
  Reason beginIntercepted();

  // exchange_attempts.cc: attempts, retries and time
  void dropAttempt(AttemptOutcome outcome, Reason reason);
  bool retryFor(route::RetryOn failure, Reason reason);
  bool retryResponse();
  bool mayRetry(upstream::Tries::Retry retry);
  void beginBackoff(Reason reason, Milliseconds at_least = Milliseconds(0));
  bool awaitsMessage() const;
  void endPeek();
  void endResponse();
  bool replayUnseen(const Error& error);
  const route::RetryPolicy& retryPolicy() const;
  bool trustsPeer() const;
  void noteDeadline(std::optional<Milliseconds> time);
  bool pastDeadline() const;
  bool failPastDeadline();
  void tellDeadline();
  void onDeadline();
  std::optional<Milliseconds> timeLeft() const;
  void endAfter(Milliseconds time);
  void armTotal(bool response_begun);
  void armDeadline(bool response_begun);
  void armTry();
  Milliseconds routeTimeout() const;
  void touchIdle() {
    if (idle_limit_.count() > 0) idle_.arm(idle_limit_);
  }
  void onTotal();
  void onIdle();
  void countTimeout(TimeoutStage stage);

  // exchange_reply.cc: local replies and completion
  void fail(Reason reason, std::string_view detail);
  void replyLocally(int status, Reason reason, std::string_view detail) {
    replyLocally({.status = status, .reason = reason, .detail = detail}, 0);
  }
  void replyLocally(const filter::LocalReply& reply, NameId filter);
  bool sendRedirect(const route::Redirect& redirect);
  bool sendResponse(const route::Respond& respond);
  void sendLocal(std::string_view body);
  void abortWith(Reason reason) { abortWith(Failure{reason, {}, 0}); }
  void abortWith(const Failure& failure);
  void complete();
  void countRequest();
  void noteExample(const RequestLabels& labels);
  void report();
  http::ExchangeRecord describe();
  Nanoseconds elapsed() const { return engine_.loop().eventTime() - started_; }
  route::ExchangeVariables variables() const;
  const Plan& plan() const { return *pinned_->plan; }
  const ListenerPlan& listenerPlan() const;
  NameId routeId() const { return route_ == nullptr ? 0 : route_->id; }

  // Constant after construction.
  Engine& engine_;
  DownstreamOwner& listener_;
  http::Responder& responder_;
  const ConnectionPeer caller_;

  // The request and the decisions about it.
  Arena arena_;
  http::Request request_;
  http::Response response_;
  PinnedPlan* pinned_ = nullptr;
  const ListenerPlan* listener_plan_ = nullptr;
  const route::Route* route_ = nullptr;
  Captures captures_;
  std::optional<filter::Filters> filters_;
  Downstream downstream_;
  std::string_view request_id_;
  std::string_view original_path_;
  std::string_view admitted_path_;  // normalized, before the route rewrites it
  std::string_view original_query_;
  http::ExchangeView* view_ = nullptr;  // in the arena, once a filter asks for it
  route::Session* session_ = nullptr;   // of the client, in the arena; null: none
  Mirrors mirrors_;
  Trace* trace_ = nullptr;  // in the arena; null: the request is not traced

  upstream::Tries tries_;
  upstream::Attempt attempt_;

  Relay request_relay_;
  Relay response_relay_;

  Stage stage_ = Stage::kAdmission;
  bool running_ = false;
  bool request_ended_ = false;
  bool response_begun_ = false;  // the head has been sent to the client
  bool upstream_ended_ = false;
  bool tunnel_ = false;
  bool peeking_ = false;  // the head waits until a message or the trailers arrive
  Failure failure_;
  int status_ = 0;  // as sent to the client
  std::uint64_t local_body_bytes_ = 0;
  std::string_view endpoint_;  // of the latest attempt
  std::string_view upstream_identity_;

  Milliseconds idle_limit_{0};  // of the route, once it is known; 0: none
  Nanoseconds started_;
  std::optional<Milliseconds> deadline_;  // the caller's, on the loop's clock
  Milliseconds total_at_{0};              // when total_ is due, while it is armed
  http::PhaseTimes times_;
  event::Alarm<Exchange, &Exchange::onTotal> total_;
  event::Alarm<Exchange, &Exchange::onIdle> idle_;
};

}  // namespace weir::proxy
