#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/arena.h"
#include "core/base/bytes.h"
#include "core/base/ip_range.h"
#include "core/base/names.h"
#include "core/event/loop.h"
#include "core/filter/verdict.h"
#include "core/http/facts.h"

namespace weir::filter {

class BodyChain;
class Filters;
class Wait;
class WorkerParts;

enum class Side : std::uint8_t { kRequest, kResponse };

// How a filter sees a body.
class BodyMode {
 public:
  BodyMode() = default;  // not at all
  // In pieces, as they arrive.
  static BodyMode pieces() { return BodyMode(Kind::kPieces, 0); }
  // Only its trailers.
  static BodyMode trailers() { return BodyMode(Kind::kTrailers, 0); }
  // In one call, once it is complete; the head waits for that call. A request with a larger body is
  // refused with 413, a larger response is replaced by 502.
  static BodyMode whole(std::size_t limit) { return BodyMode(Kind::kWhole, limit); }
  // The same, but a larger body is shown in pieces. The first call then has what has arrived so
  // far, and is not the last.
  static BodyMode wholeOrPieces(std::size_t limit) { return BodyMode(Kind::kWholeOrPieces, limit); }

  bool watches() const { return kind_ != Kind::kNone; }
  bool isWhole() const { return kind_ == Kind::kWhole || kind_ == Kind::kWholeOrPieces; }
  bool showsLarger() const { return kind_ == Kind::kWholeOrPieces; }
  bool isTrailers() const { return kind_ == Kind::kTrailers; }
  std::size_t limit() const { return limit_; }

 private:
  enum class Kind : std::uint8_t { kNone, kPieces, kTrailers, kWhole, kWholeOrPieces };
  BodyMode(Kind kind, std::size_t limit) : kind_(kind), limit_(limit) {}

  Kind kind_ = Kind::kNone;
  std::size_t limit_ = 0;
};

// The operations of an exchange that one of its filters may use. Each filter has its own.
//
// Life: that of the filter.
class Control {
 public:
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // Ends the wait of this filter for the request or the response. May destroy the filter: call it
  // last. If the call that will return the wait has not returned yet, the verdict applies as soon
  // as it does. Otherwise, if the filter does not wait (any more), nothing happens.
  void resumeRequest(const Verdict& verdict) { resume(Side::kRequest, verdict); }
  void resumeResponse(const Verdict& verdict) { resume(Side::kResponse, verdict); }

  // Shows the body and the trailers to this filter. Has an effect until the head has passed it.
  void watchRequestBody(BodyMode mode) { turn(Side::kRequest).mode = mode; }
  void watchResponseBody(BodyMode mode) { turn(Side::kResponse).mode = mode; }

  // Calls onRequestBody or onResponseBody of this filter, if it watches the body, although no input
  // has arrived: for output that it has held back. May destroy the filter: call it last.
  void callAgain(Side side);

  // The client's address after the trusted-hop rules, without a port.
  std::string_view clientAddress() const;
  IpAddress clientIp() const;  // the same; all zeros for a Unix socket
  NameId route() const;        // its name in metrics; 0 for a filter of a listener
  Arena& arena() const;        // of the exchange
  // What is known about the exchange.
  const http::ExchangeRecord& record() const { return view().record; }
  // The same as the variables of http::RequestVariables.
  const expr::Facts& facts() const { return view().facts; }
  // Who sent the request: filled by authentication filters, read by those after them.
  http::Principal& principal() const { return view().principal; }
  // What policies in shadow mode would decide instead, for the log: "deny NAME", static or in the
  // arena. The first filter that has something to say is logged.
  void noteShadow(std::string_view decision) const {
    std::string_view& noted = view().record.shadow;
    if (noted.empty()) noted = decision;
  }
  // The parts of configured filters on this worker. Null: none, for filters without such parts.
  WorkerParts* parts() const;

 private:
  friend class Filters;
  friend class BodyChain;
  friend class Wait;

  // The state of the filter on one side of the exchange.
  struct Turn {
    BodyMode mode;
    bool waiting = false;
    bool resumed = false;        // by `verdict`, which has not been applied yet
    Verdict* verdict = nullptr;  // this and the next are made when first needed
    Wait* wait = nullptr;        // the time limit
  };
  struct Turns {
    Turn request;
    Turn response;
  };

  // Whether the filter takes part in the exchange.
  enum class Use : std::uint8_t { kAlways, kUndecided, kUsed, kSkipped };

  Control(Filters& filters, std::uint32_t index, Use use)
      : filters_(filters), index_(index), use_(use) {}
  http::ExchangeView& view() const;
  void resume(Side side, const Verdict& verdict);
  Turn& turn(Side side);
  Turn* found(Side side) const {
    if (turns_ == nullptr) return nullptr;
    return side == Side::kRequest ? &turns_->request : &turns_->response;
  }

  Filters& filters_;
  const std::uint32_t index_;  // in the chain
  Use use_;
  Turns* turns_ = nullptr;  // in the arena, once it is needed
};

// What the filters need of their exchange. Implemented by Exchange.
class Host {
 public:
  virtual ~Host() = default;
  virtual event::Loop& loop() = 0;
  virtual Arena& arena() = 0;
  virtual std::string_view clientAddress() = 0;
  virtual IpAddress clientIp() { return {}; }
  virtual NameId route() { return 0; }
  virtual WorkerParts* parts() { return nullptr; }
  virtual http::ExchangeView& view() = 0;
  // A wait ended: Filters::onRequest, onResponse and pump() continue.
  virtual void onResumed() = 0;
  // A filter watches a body: its source, or what has arrived of it, goes to `bodies` from now on.
  virtual void onWatched(Side side, BodyChain& bodies) = 0;
  // The head of the request waits for its whole body: the client must be asked to send it.
  virtual void onBodyWanted() = 0;
  // Filtered bytes of a body, and its end; trailers are in the message.
  virtual void onFiltered(Side side, Bytes bytes) = 0;
  virtual void onFilteredEnd(Side side) = 0;
  // A filter of bodies or trailers replies, or a body exceeds its limit. Ends the exchange.
  virtual void onReply(const LocalReply& reply, NameId filter) = 0;
};

}  // namespace weir::filter
