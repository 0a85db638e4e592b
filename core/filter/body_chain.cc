#include "core/filter/body_chain.h"

#include <algorithm>
#include <new>
#include <utility>

#include "core/filter/chain.h"

namespace weir::filter {
namespace {

void moveAll(Buffer& from, Buffer& to) {
  while (!from.empty()) {
    const Bytes piece = from.front();
    to.append(piece);
    from.consume(piece.size());
  }
}

}  // namespace

BodyChain::BodyChain(Side side, Filters& filters, Host& host, std::size_t most,
                     http::Headers& trailers)
    : side_(side),
      filters_(filters),
      host_(host),
      trailers_(trailers),
      stages_(
          reinterpret_cast<Stage*>(host.arena().allocate(most * sizeof(Stage), alignof(Stage)))),
      tail_(host.loop().chunks()) {}

BodyChain::~BodyChain() {
  for (std::size_t i = 0; i < count_; ++i) stages_[i].~Stage();
}

// The bytes that have passed the earlier filters wait for this one.
void BodyChain::add(std::uint32_t filter, BodyMode mode) {
  Stage* const stage =
      new (stages_ + count_) Stage(filters_.slots_[filter].control, mode, host_.loop().chunks());
  ++count_;
  moveAll(tail_, stage->in);
  stage->ended = std::exchange(tail_ended_, false);
  stage->due = stage->ended;
  if (!stage->in.empty()) arrived(count_ - 1);
}

void BodyChain::push(Bytes bytes) {
  if (discarding_) return;
  inputOf(0).append(bytes);
  arrived(0);
  pump();
}

void BodyChain::end() {
  source_ = nullptr;
  if (count_ > 0) {
    stages_[0].ended = true;
    arrived(0);
  } else {
    tail_ended_ = true;
  }
  pump();
}

void BodyChain::open() {
  open_ = true;
  pump();
}

void BodyChain::setReading(bool reading) {
  reading_ = reading;
  if (reading) pump();
}

void BodyChain::discard() {
  discarding_ = true;
  if (!pumping_) clear();
}

void BodyChain::clear() {
  for (std::size_t i = 0; i < count_; ++i) stages_[i].in.clear();
  tail_.clear();
  controlSource();
}

void BodyChain::callAgain(const Control& control) {
  for (std::size_t i = 0; i < count_; ++i) {
    if (&stages_[i].control == &control) stages_[i].due = true;
  }
}

// From the last filter to the first, so that there is room behind each, until nothing moves.
void BodyChain::pump() {
  again_ = true;
  if (pumping_ || discarding_) return;
  pumping_ = true;
  while (again_ && !discarding_) {
    again_ = false;
    deliver();
    for (std::size_t i = count_; i-- > 0 && !discarding_;) again_ = step(i) || again_;
  }
  pumping_ = false;
  discarding_ ? clear() : controlSource();
}

bool BodyChain::step(std::size_t index) {
  Stage& stage = stages_[index];
  const Control::Turn* const turn = stage.control.found(side_);
  if (stage.progress == Progress::kDone || turn->waiting) return false;
  if (takeResumed(stage, index)) return true;
  if (stage.progress == Progress::kTrailers) {
    showTrailers(stage, index);
    return true;
  }
  if (stage.mode.isTrailers()) return passOn(stage, index);
  if (!mayCall(stage, roomIn(index + 1))) return false;
  showBody(stage, index);
  return true;
}

// Applies the verdict that ended a wait of the filter.
bool BodyChain::takeResumed(Stage& stage, std::size_t index) {
  const Verdict* const verdict = filters_.takeResumed(stage.control, side_);
  if (verdict == nullptr) return false;
  if (!settle(stage, *verdict)) return true;
  if (stage.progress == Progress::kTrailers) {
    finish(stage, index);
  } else {
    stage.due = true;
  }
  return true;
}

// Whether the filter lets the body proceed.
bool BodyChain::settle(Stage& stage, const Verdict& verdict) {
  const Verdict settled = filters_.settle(stage.control, side_, verdict);
  if (settled.replies()) reply(stage, settled.localReply());
  return settled.proceeds();
}

bool BodyChain::passOn(Stage& stage, std::size_t index) {
  BodyWriter out(inputOf(index + 1), roomIn(index + 1));
  BodyStep step{stage.in, out, stage.ended};
  const std::size_t before = stage.in.size();
  step.pass();
  const bool moved = stage.in.size() != before;
  if (moved) arrived(index + 1);
  if (!stage.ended || !stage.in.empty()) return moved;
  stage.progress = Progress::kTrailers;
  return true;
}

bool BodyChain::mayCall(const Stage& stage, std::size_t room) const {
  return stage.due && room >= kMostUnread && (stage.ended || !stage.gathers);
}

void BodyChain::showBody(Stage& stage, std::size_t index) {
  Buffer& behind = inputOf(index + 1);
  const std::size_t had = behind.size();
  const std::size_t input = stage.in.size();
  BodyWriter out(behind, roomIn(index + 1));
  BodyStep step{stage.in, out, stage.ended};
  Filter& filter = filters_.filter(stage.control);
  stage.due = false;
  const Flow flow = filters_.call(stage.control, side_, [&] {
    return side_ == Side::kRequest ? filter.onRequestBody(step) : filter.onResponseBody(step);
  });
  const bool produced = behind.size() != had;
  if (produced) arrived(index + 1);
  if (!discarding_) judge(stage, flow, produced || stage.in.size() != input);
}

void BodyChain::judge(Stage& stage, const Flow& flow, bool effective) {
  if (!settle(stage, flow.verdict())) return;
  if (flow.verdict().waits()) {  // a wait that had already ended
    stage.due = true;
    return;
  }
  const bool first = !std::exchange(stage.called, true);
  if (effective && (flow.wantsMore() || !stage.in.empty())) {
    stage.due = true;
  } else if (!stage.ended && stage.in.size() > kMostUnread) {
    return refuseLarge(stage);
  } else if (stage.ended && !stage.in.empty()) {
    return refuseIncomplete(stage);
  } else if (stage.ended) {
    stage.progress = Progress::kTrailers;
  }
  if (first && stage.mode.isWhole()) filters_.release(side_);
}

void BodyChain::refuseIncomplete(const Stage& stage) {
  const bool request = side_ == Side::kRequest;
  reply(stage, {.status = request ? 400 : 502,
                .reason = request ? Reason::kBadRequest : Reason::kUpstreamProtocolError,
                .detail = "the body is incomplete"});
}

void BodyChain::showTrailers(Stage& stage, std::size_t index) {
  if (trailers_.empty()) return finish(stage, index);
  Filter& filter = filters_.filter(stage.control);
  const Verdict verdict = filters_.call(stage.control, side_, [&] {
    return side_ == Side::kRequest ? filter.onRequestTrailers(trailers_)
                                   : filter.onResponseTrailers(trailers_);
  });
  if (!discarding_ && settle(stage, verdict)) finish(stage, index);
}

void BodyChain::finish(Stage& stage, std::size_t index) {
  stage.progress = Progress::kDone;
  if (index + 1 == count_) {
    tail_ended_ = true;
  } else {
    stages_[index + 1].ended = true;
    arrived(index + 1);
  }
}

// The input of a filter has changed.
void BodyChain::arrived(std::size_t index) {
  if (index >= count_) return;
  Stage& stage = stages_[index];
  stage.due = true;
  if (stage.gathers && stage.in.size() > stage.mode.limit()) exceeded(stage);
}

void BodyChain::exceeded(Stage& stage) {
  if (!stage.mode.showsLarger()) return refuseLarge(stage);
  stage.gathers = false;
}

std::size_t BodyChain::roomIn(std::size_t index) {
  const bool whole = index < count_ && stages_[index].gathers;
  return whole ? kMostHeld : kMostHeld - std::min(kMostHeld, inputOf(index).size());
}

void BodyChain::deliver() {
  if (!open_) return;
  while (reading_ && !tail_.empty() && !discarding_) {
    const Bytes piece = tail_.front();
    host_.onFiltered(side_, piece);
    tail_.consume(piece.size());
  }
  if (!tail_.empty() || !tail_ended_ || discarding_ || end_delivered_) return;
  end_delivered_ = true;
  host_.onFilteredEnd(side_);
}

// The first filter leaves at most kMostUnread bytes, unless it waits or there is no room behind it.
void BodyChain::controlSource() {
  const bool whole = count_ > 0 && stages_[0].gathers;
  const bool full = !discarding_ && !whole && inputOf(0).size() > kMostUnread;
  if (source_ == nullptr || full == paused_) return;
  paused_ = full;
  source_->setReading(!full);
}

void BodyChain::refuseLarge(const Stage& stage) {
  const bool request = side_ == Side::kRequest;
  reply(stage, {.status = request ? 413 : 502,
                .reason = Reason::kBodyTooLarge,
                .detail = "the body exceeds the limit of a filter"});
}

void BodyChain::reply(const Stage& stage, const LocalReply& reply) {
  if (discarding_) return;
  discarding_ = true;
  host_.onReply(reply, filters_.link(stage.control).id);
}

}  // namespace weir::filter
