#include "core/filter/chain.h"

#include <memory>
#include <new>
#include <utility>

#include "core/base/arena_writer.h"
#include "core/base/check.h"
#include "core/event/wheel.h"

namespace weir::filter {

// The time limit of one filter's waits on one side.
class Wait final : public event::Deadline {
 public:
  Wait(event::Wheel& wheel, Control& control, Side side)
      : Deadline(wheel), control_(control), side_(side) {}
  void start(const Verdict& verdict) {
    then_ = verdict.then();
    arm(verdict.atMost());
  }

 private:
  void onDeadline() override { control_.filters_.onExpired(control_, side_, then_); }

  Control& control_;
  const Side side_;
  Reason then_ = Reason::kNone;
};

std::string_view Control::clientAddress() const { return filters_.host_.clientAddress(); }
IpAddress Control::clientIp() const { return filters_.host_.clientIp(); }
Arena& Control::arena() const { return filters_.host_.arena(); }
NameId Control::route() const {
  return filters_.link(*this).of_listener ? 0 : filters_.host_.route();
}
WorkerParts* Control::parts() const { return filters_.host_.parts(); }
http::ExchangeView& Control::view() const { return filters_.host_.view(); }

Control::Turn& Control::turn(Side side) {
  filters_.used_ = true;
  if (turns_ == nullptr) turns_ = new (arena().allocate(sizeof(Turns), alignof(Turns))) Turns;
  return *found(side);
}

void Control::callAgain(Side side) { filters_.callAgain(*this, side); }

void Control::resume(Side side, const Verdict& verdict) { filters_.resume(*this, side, verdict); }

Filters::Filters(const Chain& chain, Host& host, std::size_t more)
    : host_(host),
      capacity_(chain.size() + more),
      slots_(
          reinterpret_cast<Slot*>(host.arena().allocate(capacity_ * sizeof(Slot), alignof(Slot)))) {
  add(chain);
}

void Filters::add(const Chain& chain) {
  WEIR_CHECK(chain.size() <= capacity_ - size_);
  Arena& arena = host_.arena();
  for (const Link& link : chain) {
    const auto use = link.when == nullptr ? Control::Use::kAlways : Control::Use::kUndecided;
    Slot* const slot =
        new (slots_ + size_) Slot{{*this, static_cast<std::uint32_t>(size_), use}, nullptr, &link};
    slot->filter = link.maker->make(arena, slot->control);
    sees_responses_ = sees_responses_ || link.maker->seesResponses();
    ++size_;
  }
  if (steps_ != nullptr) noteLinks();
}

void Filters::observe(Steps& steps) {
  steps.filters = host_.arena().array<Steps::OfFilter>(capacity_);
  std::uninitialized_value_construct_n(steps.filters, capacity_);
  steps_ = &steps;
  noteLinks();
}

void Filters::noteLinks() {
  while (steps_->size < size_) {
    steps_->filters[steps_->size].link = slots_[steps_->size].link;
    ++steps_->size;
  }
}

Filters::~Filters() {
  if (used_) destroyBodies();
  for (std::size_t i = 0; i < size_; ++i) slots_[i].link->maker->destroy(slots_[i].filter);
  if (used_) destroyWaits();
}

void Filters::destroyBodies() {
  for (Passage* at : {&request_, &response_}) {
    if (at->bodies != nullptr) at->bodies->~BodyChain();
  }
}

template <typename Do>
void Filters::forEachWait(Do act) {
  for (std::size_t i = 0; i < size_; ++i) {
    if (slots_[i].control.turns_ == nullptr) continue;
    for (const Side side : {Side::kRequest, Side::kResponse}) {
      if (Wait* const wait = slots_[i].control.found(side)->wait) act(*wait);
    }
  }
}

void Filters::destroyWaits() {
  forEachWait([](Wait& wait) { wait.~Wait(); });
}

void Filters::endAll() {
  for (Passage* at : {&request_, &response_}) {
    if (at->bodies == nullptr) continue;
    at->bodies->setSource(nullptr);
    at->bodies->discard();
  }
  forEachWait([](Wait& wait) { wait.disarm(); });
}

Filters::Slot& Filters::next(Side side) {
  const std::size_t passed = passage(side).passed;
  return slots_[side == Side::kRequest ? passed : size_ - 1 - passed];
}

const Verdict* Filters::takeResumed(const Control& control, Side side) const {
  Control::Turn* const turn = control.found(side);
  return turn != nullptr && std::exchange(turn->resumed, false) ? turn->verdict : nullptr;
}

Verdict Filters::settle(Control& control, Side side, const Verdict& verdict) {
  const Verdict* const early = takeResumed(control, side);
  if (!verdict.waits()) return verdict;
  if (early != nullptr) return settle(control, side, *early);
  Control::Turn& turn = control.turn(side);
  if (turn.wait == nullptr) {
    turn.wait = new (host_.arena().allocate(sizeof(Wait), alignof(Wait)))
        Wait(host_.loop().wheel(), control, side);
  }
  turn.waiting = true;
  turn.wait->start(verdict);
  return verdict;
}

void Filters::resume(Control& control, Side side, const Verdict& verdict) {
  if (stopped_) return;
  const bool early = called_ == &control && called_for_ == side;
  Control::Turn& turn = control.turn(side);
  if ((!early && !turn.waiting) || turn.resumed) return;
  if (turn.verdict == nullptr) {
    turn.verdict = new (host_.arena().allocate(sizeof(Verdict), alignof(Verdict))) Verdict(verdict);
  }
  *turn.verdict = verdict;
  turn.resumed = true;
  if (early) return;
  turn.waiting = false;
  turn.wait->disarm();
  host_.onResumed();
}

void Filters::callAgain(const Control& control, Side side) {
  BodyChain* const bodies = passage(side).bodies;
  if (stopped_ || bodies == nullptr) return;
  bodies->callAgain(control);
  host_.onResumed();
}

// A reply without a detail gets one that names the filter.
void Filters::onExpired(Control& control, Side side, Reason then) {
  const Verdict verdict = filter(control).onWaitExpired(side, then);
  if (!verdict.replies() || !verdict.localReply().detail.empty()) {
    return resume(control, side, verdict);
  }
  LocalReply reply = verdict.localReply();
  reply.detail =
      joined(host_.arena(), {"the filter ", link(control).name, " did not decide in time"});
  resume(control, side, Verdict::reply(reply));
}

Pass Filters::replied(const Control& control, const LocalReply& reply) {
  reply_ = new (host_.arena().allocate(sizeof(LocalReply), alignof(LocalReply))) LocalReply(reply);
  replied_by_ = &link(control);
  return Pass::kReplied;
}

// A condition is evaluated when the request reaches the filter, once.
bool Filters::skips(Control& control, Side side) {
  using Use = Control::Use;
  if (control.use_ == Use::kUndecided && side == Side::kRequest) {
    const expr::Program& condition = *link(control).when;
    control.use_ = condition.holds(control.facts(), host_.arena()) ? Use::kUsed : Use::kSkipped;
  }
  return control.use_ != Use::kUsed;
}

// True if the filter has nothing to do with the head.
inline bool Filters::passesOver(Control& control, Side side) {
  if (control.use_ != Control::Use::kAlways && skips(control, side)) return true;
  return side == Side::kResponse && control.turns_ == nullptr &&
         !link(control).maker->seesResponses();
}

template <typename Message, typename Ask>
Pass Filters::pass(Side side, Message& message, Ask ask) {
  Passage& at = passage(side);
  while (at.passed < size_) {
    const Pass result = steps_ == nullptr ? passNext(next(side), side, message, ask)
                                          : passObserved(side, message, ask);
    if (result != Pass::kDone) return result;
  }
  at.asked = at.passed;
  return at.held ? Pass::kWaits : Pass::kDone;
}

template <typename Message, typename Ask>
inline Pass Filters::passNext(Slot& slot, Side side, Message& message, Ask ask) {
  Passage& at = passage(side);
  Control& control = slot.control;
  if (!at.held && passesOver(control, side)) {
    ++at.passed;
    return Pass::kDone;
  }
  if (control.turns_ != nullptr || at.held) return passOne(slot, side, message, ask);
  called_ = &control;
  called_for_ = side;
  const Verdict verdict = ask(*slot.filter, message);
  called_ = nullptr;
  if (!verdict.proceeds() || control.turns_ != nullptr) [[unlikely]] {
    return conclude(control, side, message, verdict);
  }
  ++at.passed;
  return Pass::kDone;
}

// Passes a head, and notes the time that takes and the result.
template <typename Message, typename Ask>
Pass Filters::passObserved(Side side, Message& message, Ask ask) {
  if (passage(side).held) return passNext(next(side), side, message, ask);
  Slot& slot = next(side);
  const bool blind = side == Side::kResponse && slot.control.turns_ == nullptr &&
                     !slot.link->maker->seesResponses();
  Steps::OfFilter& noted = steps_->filters[slot.control.index_];
  Step& step = side == Side::kRequest ? noted.request : noted.response;
  if (step.began.count() == 0 && !blind) step.began = monotonicNow();
  const Pass result = passNext(slot, side, message, ask);
  if (blind) return result;
  step.ended = monotonicNow();
  using Outcome = Step::Outcome;
  const bool skipped = slot.control.use_ == Control::Use::kSkipped;
  step.outcome = skipped ? Outcome::kSkipped : Outcome::kProceeds;
  if (result == Pass::kWaits) step.outcome = Outcome::kWaits;
  if (result == Pass::kReplied) step.outcome = Outcome::kReplies;
  return result;
}

// Passes a head to a filter that has waited, or has asked for bodies before.
template <typename Message, typename Ask>
Pass Filters::passOne(Slot& slot, Side side, Message& message, Ask ask) {
  Control& control = slot.control;
  const Control::Turn* const turn = control.found(side);
  if (passage(side).held || stopped_ || turn->waiting) return Pass::kWaits;
  const Verdict* const resumed = takeResumed(control, side);
  if (resumed != nullptr) return conclude(control, side, message, *resumed);
  return conclude(control, side, message,
                  call(control, side, [&] { return ask(*slot.filter, message); }));
}

// Applies a filter's verdict about a head.
template <typename Message>
Pass Filters::conclude(Control& control, Side side, Message& message, const Verdict& verdict) {
  Passage& at = passage(side);
  at.asked = at.passed + 1;
  const Verdict settled = settle(control, side, verdict);
  if (settled.replies()) return replied(control, settled.localReply());
  if (settled.waits()) return Pass::kWaits;
  ++at.passed;
  watch(control, side, message);
  return stopped_ ? Pass::kWaits : Pass::kDone;
}

Pass Filters::onRequest(http::Request& request) {
  return pass(Side::kRequest, request,
              [](Filter& filter, http::Request& head) { return filter.onRequest(head); });
}

Pass Filters::onResponse(http::Response& response) {
  return pass(Side::kResponse, response,
              [](Filter& filter, http::Response& head) { return filter.onResponse(head); });
}

template <typename Visit>
void Filters::forEachAsked(Visit visit) {
  for (std::size_t left = request_.asked; left > 0; --left) {
    const Slot& slot = slots_[left - 1];
    if (slot.control.use_ != Control::Use::kSkipped) visit(*slot.filter);
  }
}

std::string_view Filters::onLocalReply(const LocalBody& reply) {
  LocalBody body = reply;
  forEachAsked([&](Filter& filter) { filter.onLocalBody(body); });
  forEachAsked([&](Filter& filter) { filter.onLocalReply(body.head); });
  return body.text;
}

// Adds a filter that watches the body to the body's filters. A tunnel has no body.
template <typename Message>
void Filters::watch(const Control& control, Side side, Message& message) {
  const Control::Turn* const turn = control.found(side);
  if (turn == nullptr) return;
  const BodyMode mode = turn->mode;
  if (!mode.watches() || message.body == http::BodyKind::kTunnel) return;
  BodyChain& bodies = needBodies(side, message.trailers);
  passage(side).held = mode.isWhole();
  bodies.add(control.index_, mode);
  // The declared length; it remains if the filter has called rewriteBody().
  const bool has_body = message.body != http::BodyKind::kNone;
  if (mode.isWhole() && !mode.showsLarger() && has_body && message.content_length > mode.limit()) {
    return bodies.refuseLarge();
  }
  if (mode.isWhole() && side == Side::kRequest) host_.onBodyWanted();
  bodies.pump();
}

BodyChain& Filters::needBodies(Side side, http::Headers& trailers) {
  BodyChain*& bodies = passage(side).bodies;
  if (bodies == nullptr) {
    bodies = new (host_.arena().allocate(sizeof(BodyChain), alignof(BodyChain)))
        BodyChain(side, *this, host_, capacity_, trailers);
    host_.onWatched(side, *bodies);
  }
  return *bodies;
}

void Filters::pump() {
  for (Passage* at : {&request_, &response_}) {
    if (at->bodies != nullptr) at->bodies->pump();
  }
}

void Filters::release(Side side) {
  passage(side).held = false;
  host_.onResumed();
}

}  // namespace weir::filter
