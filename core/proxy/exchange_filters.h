#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "core/filter/chain.h"
#include "core/proxy/exchange_state.h"
#include "core/proxy/time_limits.h"

namespace weir::proxy {

// The filters of one exchange: heads pass them in two stages, bodies on the way to the relays.
class ExchangeFilters final : private filter::Host {
 public:
  ExchangeFilters(ExchangeState& state, TimeLimits& limits, ExchangeFlow& flow)
      : state_(state), limits_(limits), flow_(flow) {}

  // Adds the filters of a listener or route; null: none.
  void add(const filter::Chain* chain) {
    if (chain != nullptr || filters_) addChain(chain);
  }
  bool empty() const { return !filters_; }
  // Before the plan is released and the arena freed.
  void destroy() { filters_.reset(); }
  void stop() {  // the exchange is over
    if (filters_) filters_->stop();
  }

  // Pass a head. False if it waits, or if a filter has replied.
  bool passRequest();
  bool passResponse();
  bool seeResponses() const { return filters_ && filters_->seeResponses(); }
  std::string_view passLocalReply(const filter::LocalBody& reply) {
    return filters_ ? filters_->onLocalReply(reply) : reply.text;
  }

  // The filters of a body; null if none of them watches it.
  filter::BodyChain* bodies(filter::Side side) const {
    return filters_ && !state_.tunnel ? filters_->bodies(side) : nullptr;
  }
  void push(filter::BodyChain& bodies, Bytes bytes) {
    guarded([&] { bodies.push(bytes); });
  }
  void end(filter::BodyChain& bodies) {
    guarded([&] { bodies.end(); });
  }
  // The sink of the relay takes more.
  void onDrained(filter::Side side, Relay& relay) {
    if (bodies(side) == nullptr) return relay.onDrained();
    guarded([&relay] { relay.onDrained(); });
  }

 private:
  // filter::Host
  event::Loop& loop() override { return state_.loop(); }
  Arena& arena() override { return state_.arena; }
  std::string_view clientAddress() override { return state_.downstream.address; }
  IpAddress clientIp() override { return state_.downstream.ip; }
  NameId route() override { return state_.routeId(); }
  filter::WorkerParts* parts() override { return &state_.engine.parts(); }
  http::ExchangeView& view() override;
  void onResumed() override;
  void onWatched(filter::Side side, filter::BodyChain& bodies) override;
  void onBodyWanted() override;
  void onFiltered(filter::Side side, Bytes bytes) override;
  void onFilteredEnd(filter::Side side) override;
  void onReply(const filter::LocalReply& reply, NameId filter) override {
    flow_.replyLocally(reply, filter);
  }

  void addChain(const filter::Chain* chain);
  bool conclude(filter::Pass pass);
  void noteRoute();
  // Runs filters. The exchange is not destroyed before they have returned; then the stages
  // continue, except one that waits for a connection.
  template <typename Work>
  void guarded(Work work) {
    const bool outer = std::exchange(state_.running, true);
    work();
    state_.running = outer;
    if (state_.stage != Stage::kConnect) flow_.run();
  }

  ExchangeState& state_;
  TimeLimits& limits_;
  ExchangeFlow& flow_;
  std::optional<filter::Filters> filters_;
};

}  // namespace weir::proxy
