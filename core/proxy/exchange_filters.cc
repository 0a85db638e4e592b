#include <utility>

#include "core/proxy/exchange.h"

// The filters of a listener and route: heads pass them in two stages, bodies on the way to the
// relays.
namespace weir::proxy {

using filter::BodyChain;
using filter::Pass;
using filter::Side;

const filter::Chain* Exchange::routeFilters() const {
  const auto& own = listener_plan_->route_filters;
  return (own.empty() ? plan().chains : own)[route_->index].get();
}

void Exchange::addFilters(const filter::Chain* chain) {
  if (filters_) {
    noteRoute();
    if (chain != nullptr) filters_->add(*chain);
  } else if (chain != nullptr) {
    if (route_ == nullptr) idle_limit_ = plan().defaults.idle_timeout;
    const std::size_t more = route_ == nullptr ? plan().longest_chain : 0;
    filters_.emplace(*chain, static_cast<filter::Host&>(*this), more);
  }
}

// The filters that have seen the request so far did not know its route.
void Exchange::noteRoute() {
  idle_.disarm();
  if (view_ == nullptr || route_ == nullptr) return;
  view_->record.route = route_->name;
  view_->record.normalized_path = admitted_path_;
}

// The filters of the listener that come before the route.
bool Exchange::filterEarly() { return passRequest() ? findRoute() : stage_ == Stage::kDone; }

// False if the request waits, or a filter has replied.
bool Exchange::passRequest() {
  const Pass pass = filters_->onRequest(request_);
  if (pass == Pass::kReplied) replyLocally(filters_->reply(), filters_->repliedBy().id);
  return pass == Pass::kDone;
}

bool Exchange::passFiltered() {
  if (!passRequest()) return stage_ == Stage::kDone;
  takeAction();
  // Mirrors have begun, and see the filtered bytes from the first one.
  BodyChain* const waiting = bodies(Side::kRequest);
  if (waiting != nullptr && stage_ != Stage::kDone) waiting->open();
  return true;
}

bool Exchange::passResponse() {
  // A filter has seen this response: no other attempt may follow.
  request_relay_.stopKeeping();
  http::Requester* const requester = attempt_.requester();
  if (requester != nullptr && bodies(Side::kResponse) == nullptr) {
    response_relay_.setSource(*requester);
  }
  const Pass pass = filters_->onResponse(response_);
  if (pass == Pass::kReplied) replyLocally(filters_->reply(), filters_->repliedBy().id);
  return pass == Pass::kDone;
}

// Runs filters. The exchange is not destroyed before they have returned; then the stages continue,
// except one that waits for a connection.
template <typename Work>
void Exchange::guarded(Work work) {
  const bool outer = std::exchange(running_, true);
  work();
  running_ = outer;
  if (stage_ != Stage::kConnect) run();
}

void Exchange::onResumed() {
  guarded([this] { filters_->pump(); });
}

void Exchange::onDrained(Side side, Relay& relay) {
  if (bodies(side) == nullptr) return relay.onDrained();
  guarded([&relay] { relay.onDrained(); });
}

void Exchange::pushFiltered(BodyChain& bodies, Bytes bytes) {
  guarded([&] { bodies.push(bytes); });
}

void Exchange::endFiltered(BodyChain& bodies) {
  guarded([&] { bodies.end(); });
}

// Bytes that arrived while the head waited are filtered, too.
void Exchange::onWatched(Side side, BodyChain& bodies) {
  if (side == Side::kRequest) {
    bodies.setSource(&responder_);
    request_relay_.insert(bodies, bodies.input());
    if (request_ended_) bodies.end();
  } else {
    bodies.setSource(attempt_.requester());
    response_relay_.insert(bodies, bodies.input());
    if (upstream_ended_) bodies.end();
  }
}

void Exchange::onBodyWanted() {
  touchIdle();
  if (!request_.expects_continue) return;
  request_.expects_continue = false;
  http::Response interim(arena_);
  interim.status = 100;
  responder_.sendInformational(interim);
}

void Exchange::onFiltered(Side side, Bytes bytes) {
  touchIdle();
  if (side == Side::kRequest) {
    if (request_.body != http::BodyKind::kNone) passRequestBody(bytes);
  } else if (response_.body != http::BodyKind::kNone) {
    response_relay_.push(bytes);
  }
}

void Exchange::onFilteredEnd(Side side) {
  side == Side::kRequest ? endRequestBody() : finishResponse();
}

}  // namespace weir::proxy
