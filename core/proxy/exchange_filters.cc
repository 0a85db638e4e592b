#include "core/proxy/exchange_filters.h"

#include "core/proxy/exchange_report.h"

namespace weir::proxy {

using filter::BodyChain;
using filter::Pass;
using filter::Side;

void ExchangeFilters::addChain(const filter::Chain* chain) {
  if (filters_) {
    noteRoute();
    if (chain != nullptr) filters_->add(*chain);
  } else if (chain != nullptr) {
    const bool routed = state_.route != nullptr;
    if (!routed) limits_.limitIdle(state_.plan().defaults.idle_timeout);
    const std::size_t more = routed ? 0 : state_.plan().longest_chain;
    filters_.emplace(*chain, static_cast<filter::Host&>(*this), more);
    if (state_.steps != nullptr) [[unlikely]]
      filters_->observe(state_.steps->filters);
  }
}

// The filters that have seen the request so far did not know its route.
void ExchangeFilters::noteRoute() {
  limits_.disarmIdle();
  if (state_.view == nullptr || state_.route == nullptr) return;
  state_.view->record.route = state_.route->name;
  state_.view->record.normalized_path = state_.admitted_path;
}

bool ExchangeFilters::passRequest() { return conclude(filters_->onRequest(state_.request)); }

bool ExchangeFilters::passResponse() {
  // A filter has seen this response: no other attempt may follow.
  state_.request_relay.stopKeeping();
  http::Requester* const requester = state_.attempt->requester();
  if (requester != nullptr && bodies(Side::kResponse) == nullptr) {
    state_.response_relay.setSource(*requester);
  }
  return conclude(filters_->onResponse(state_.response));
}

bool ExchangeFilters::conclude(Pass pass) {
  if (pass == Pass::kReplied) flow_.replyLocally(filters_->reply(), filters_->repliedBy().id);
  return pass == Pass::kDone;
}

http::ExchangeView& ExchangeFilters::view() { return viewOf(state_); }

void ExchangeFilters::onResumed() {
  guarded([this] { filters_->pump(); });
}

// Bytes that arrived while the head waited are filtered, too.
void ExchangeFilters::onWatched(Side side, BodyChain& bodies) {
  if (side == Side::kRequest) {
    bodies.setSource(&state_.responder);
    state_.request_relay.insert(bodies, bodies.input());
    if (state_.request_ended) bodies.end();
  } else {
    bodies.setSource(state_.attempt->requester());
    state_.response_relay.insert(bodies, bodies.input());
    if (state_.upstream_ended) bodies.end();
  }
}

void ExchangeFilters::onBodyWanted() {
  limits_.touchIdle();
  if (!state_.request.expects_continue) return;
  state_.request.expects_continue = false;
  http::Response interim(state_.arena);
  interim.status = 100;
  state_.responder.sendInformational(interim);
}

void ExchangeFilters::onFiltered(Side side, Bytes bytes) {
  limits_.touchIdle();
  if (side == Side::kRequest) {
    if (state_.request.body != http::BodyKind::kNone) state_.passRequestBody(bytes);
  } else if (state_.response.body != http::BodyKind::kNone) {
    state_.response_relay.push(bytes);
  }
}

void ExchangeFilters::onFilteredEnd(Side side) {
  side == Side::kRequest ? state_.endRequestBody() : flow_.finishResponse();
}

}  // namespace weir::proxy
