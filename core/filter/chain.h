#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/arena.h"
#include "core/base/names.h"
#include "core/filter/body_chain.h"
#include "core/filter/filter.h"
#include "core/filter/maker.h"
#include "core/filter/steps.h"

namespace weir::filter {

struct Link {
  NameId id = 0;          // the filter's name in metrics
  std::string_view name;  // lives as long as the registry
  std::shared_ptr<const Maker> maker;
  const expr::Program* when = nullptr;  // the maker's
  bool of_listener = false;             // not of the route
};

// The ordered filters of a listener or route. Requests pass from the first to the last, responses
// back.
using Chain = std::vector<Link>;

// What became of a message that was passed to the filters.
enum class Pass : std::uint8_t {
  kDone,
  kWaits,    // pass it again after Host::onResumed()
  kReplied,  // by the filter repliedBy(), with reply()
};

// The filters of one exchange. It is not reentered: its owner must not be destroyed during a call.
class Filters {
 public:
  // `more`: at most so many filters are added later.
  Filters(const Chain& chain, Host& host, std::size_t more = 0);
  ~Filters();
  Filters(const Filters&) = delete;
  Filters& operator=(const Filters&) = delete;

  // Adds the filters behind the others, before any of them has seen a response.
  void add(const Chain& chain);
  // Notes the steps of the filters in `steps` from now on, which are in the arena of the host. Call
  // it before any filter has seen the request.
  void observe(Steps& steps);
  // Passes a head. Each call continues where the previous one stopped.
  Pass onRequest(http::Request& request);
  Pass onResponse(http::Response& response);
  // Otherwise, onResponse() would do nothing.
  bool seeResponses() const { return sees_responses_ || used_; }
  const LocalReply& reply() const { return *reply_; }
  const Link& repliedBy() const { return *replied_by_; }
  // Passes it to the filters that have seen the request, and returns its body.
  std::string_view onLocalReply(const LocalBody& reply);

  // The filters of a body; null if no filter watches it (yet).
  BodyChain* bodies(Side side) const { return passage(side).bodies; }
  // Lets filters continue with bodies after a wait.
  void pump();
  // The exchange is over: waits and bodies end.
  void stop() {
    stopped_ = true;
    if (used_) endAll();
  }

 private:
  friend class BodyChain;
  friend class Control;
  friend class Wait;

  struct Slot {
    Control control;
    Filter* filter;
    const Link* link;
  };
  // The progress of a head.
  struct Passage {
    std::size_t asked = 0;   // number of filters that have seen it
    std::size_t passed = 0;  // number of filters that let it proceed
    BodyChain* bodies = nullptr;
    bool held = false;  // until a filter has seen the whole body
  };

  Passage& passage(Side side) { return side == Side::kRequest ? request_ : response_; }
  const Passage& passage(Side side) const { return side == Side::kRequest ? request_ : response_; }
  Slot& next(Side side);
  bool skips(Control& control, Side side);
  bool passesOver(Control& control, Side side);
  void noteLinks();
  void endAll();
  void destroyBodies();
  void destroyWaits();
  template <typename Do>
  void forEachWait(Do act);
  template <typename Visit>
  void forEachAsked(Visit visit);
  template <typename Message, typename Ask>
  Pass pass(Side side, Message& message, Ask ask);
  template <typename Message, typename Ask>
  Pass passNext(Slot& slot, Side side, Message& message, Ask ask);
  template <typename Message, typename Ask>
  Pass passObserved(Side side, Message& message, Ask ask);
  template <typename Message, typename Ask>
  Pass passOne(Slot& slot, Side side, Message& message, Ask ask);
  template <typename Message>
  Pass conclude(Control& control, Side side, Message& message, const Verdict& verdict);
  template <typename Message>
  void watch(const Control& control, Side side, Message& message);
  BodyChain& needBodies(Side side, http::Headers& trailers);
  Pass replied(const Control& control, const LocalReply& reply);

  // Calls a filter, whose object is known to be on the stack meanwhile.
  template <typename Call>
  auto call(const Control& control, Side side, Call call) {
    const Control* const outer = std::exchange(called_, &control);
    const Side outer_side = std::exchange(called_for_, side);
    auto decision = call();
    called_ = outer;
    called_for_ = outer_side;
    return decision;
  }
  // The verdict that ended a wait, if it has not been applied yet.
  const Verdict* takeResumed(const Control& control, Side side) const;
  // Begins the wait of a verdict. The result is another verdict if the wait has already ended.
  Verdict settle(Control& control, Side side, const Verdict& verdict);
  void resume(Control& control, Side side, const Verdict& verdict);
  void callAgain(const Control& control, Side side);
  void onExpired(Control& control, Side side, Reason then);
  void release(Side side);  // a head that waited for its body
  const Link& link(const Control& control) const { return *slots_[control.index_].link; }
  Filter& filter(const Control& control) const { return *slots_[control.index_].filter; }

  Host& host_;
  const std::size_t capacity_;
  Slot* const slots_;
  std::size_t size_ = 0;
  Steps* steps_ = nullptr;  // null: nobody watches
  Passage request_;
  Passage response_;
  const LocalReply* reply_ = nullptr;
  const Link* replied_by_ = nullptr;
  const Control* called_ = nullptr;  // the filter on the stack
  Side called_for_ = Side::kRequest;
  bool sees_responses_ = false;
  bool used_ = false;  // a filter has waited or watches a body
  bool stopped_ = false;
};

}  // namespace weir::filter
