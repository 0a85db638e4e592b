#pragma once

#include <string_view>

#include "core/filter/chain.h"
#include "core/http/codec.h"
#include "core/proxy/engine.h"
#include "core/proxy/exchange_filters.h"
#include "core/proxy/exchange_state.h"
#include "core/proxy/forwarding.h"
#include "core/proxy/time_limits.h"

namespace weir::proxy {

class DownstreamOwner;
struct Refusal;

// One request, from its head to the last byte of its response, with any version of HTTP on either
// side. Takes it through the stages; its parts know the ExchangeState and ExchangeFlow only.
//
// Owned by: the connection's ExchangeSource, in a block of Engine::exchanges().
// Life:     onRequestHead starts it; Responder::release() is its last call.
class Exchange final : public http::RequestEvents, private ExchangeFlow {
 public:
  Exchange(Engine& engine, DownstreamOwner& listener, const ConnectionPeer& peer,
           http::Responder& responder);
  ~Exchange() override;

  // What becomes of a request when policies change.
  enum class Standing : std::uint8_t { kHolds, kUndecided, kEnded };
  // Judges an admitted request by the policies of a later plan, and ends it if they deny it. Its
  // headers are those that are forwarded.
  Standing judgeAgain(const authz::PolicySet& policies);
  // Refuses the request, or breaks off its response.
  void cutOff(Reason reason, std::string_view detail);

 private:
  // http::RequestEvents
  http::Request& request() override { return state_.request; }
  void onRequestHead() override;
  void onRequestBody(Bytes bytes) override;
  void onRequestEnd() override;
  void onRequestFailed(Error error) override;
  void onResponseDrained() override {
    filters_.onDrained(filter::Side::kResponse, state_.response_relay);
  }
  // ExchangeFlow
  void run() override;
  void replyLocally(const filter::LocalReply& reply, NameId filter) override;
  void finishResponse() override;
  void complete() override;

  // exchange.cc: the stages
  bool step();
  bool admitRequest();
  bool takeEarlySteps();
  bool filterEarly();
  bool findRoute();
  bool filterRequest();
  bool takeAction();
  bool filterResponse();
  bool reply();
  void startTunnel();

  // exchange_reply.cc: local replies
  bool refuse(const Refusal& refusal);
  bool failUnrouted();
  bool endForwards();
  bool sendRedirect(const route::Redirect& redirect);
  bool sendResponse(const route::Respond& respond);
  void sendLocal(std::string_view body);

  ExchangeState state_;
  TimeLimits limits_;
  ExchangeFilters filters_;
  Forwarding forwarding_;
};

}  // namespace weir::proxy
