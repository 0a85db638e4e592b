#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

#include "core/base/buffer.h"
#include "core/base/bytes.h"
#include "core/base/reason.h"
#include "core/filter/control.h"
#include "core/filter/verdict.h"
#include "core/http/message.h"

namespace weir::filter {

// The output of one call of a body filter. It has room for a limited number of bytes, so that a
// filter that expands its input cannot exceed the memory of its exchange.
class BodyWriter {
 public:
  BodyWriter(Buffer& to, std::size_t room) : to_(to), room_(room) {}

  std::size_t room() const { return room_; }
  // Appends as many of these bytes as there is room for, and returns their number.
  std::size_t append(Bytes bytes) {
    const std::size_t now = std::min(room_, bytes.size());
    to_.append(bytes.first(now));
    room_ -= now;
    return now;
  }
  // Memory to be filled from the front and then committed; empty if there is no room.
  std::span<char> prepare() {
    if (room_ == 0) return {};
    const std::span<char> memory = to_.prepare();
    return memory.first(std::min(memory.size(), room_));
  }
  void commit(std::size_t bytes) {
    to_.commit(bytes);
    room_ -= bytes;
  }

 private:
  Buffer& to_;
  std::size_t room_;
};

// One call of a body filter.
struct BodyStep {
  Buffer& in;       // consume() the processed bytes: the rest is shown again
  BodyWriter& out;  // at most 64 KiB a call
  const bool last;  // `in` contains the end of the body

  // Copies input to output unchanged, as far as there is room.
  void pass() {
    while (!in.empty() && out.room() > 0) in.consume(out.append(in.front()));
  }
};

// A local reply that is about to be sent.
struct LocalBody {
  http::Response& head;
  std::string_view text;  // static or in the exchange's arena
  const Reason reason;    // kNone for what a route sends by its configuration
};

// A processing step for the requests and responses of a listener or route. One object per exchange:
// its fields are the state of the request, and its destructor marks the end. Made in the exchange's
// arena.
//
// Thread: the exchange's worker.
class Filter {
 public:
  virtual ~Filter() = default;

  virtual Verdict onRequest(http::Request& request) {
    (void)request;
    return Verdict::proceed();
  }
  virtual Verdict onResponse(http::Response& response) {
    (void)response;
    return Verdict::proceed();
  }

  // Called for bodies that the filter watches (Control::watchRequestBody), after the head has
  // passed it, at least once and the last time with `last`; in mode whole(), the first time as
  // well. A call that returns proceed() is repeated with the rest of the input if it consumed or
  // produced anything. A filter may leave 32 KiB of input until more arrives, and none at the end.
  virtual Flow onRequestBody(BodyStep& step) {
    step.pass();
    return Flow::proceed();
  }
  virtual Flow onResponseBody(BodyStep& step) {
    step.pass();
    return Flow::proceed();
  }
  // Called after the body that the filter watches, if the message has trailers.
  virtual Verdict onRequestTrailers(http::Headers& trailers) {
    (void)trailers;
    return Verdict::proceed();
  }
  virtual Verdict onResponseTrailers(http::Headers& trailers) {
    (void)trailers;
    return Verdict::proceed();
  }

  // A wait of this filter has exceeded its limit: decides instead of the resume that did not come.
  virtual Verdict onWaitExpired(Side side, Reason then);

  // A local reply to a request that this filter has seen, instead of onResponse. Its body is not
  // filtered.
  virtual void onLocalReply(http::Response& response) { (void)response; }
  // Before that, for filters that replace the body or the status.
  virtual void onLocalBody(LocalBody& body) { (void)body; }
};

}  // namespace weir::filter
