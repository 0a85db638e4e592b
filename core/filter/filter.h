#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/reason.h"
#include "core/http/message.h"

namespace weir::filter {

// What a filter says of the message it was shown.
enum class Verdict : std::uint8_t {
  kContinue,   // go on with the next filter
  kPause,      // wait: the filter calls Control::resume() later
  kResponded,  // it called Control::respond(): no further filter is asked
};

// An answer that weir gives itself.
struct LocalReply {
  int status = 500;
  Reason reason = Reason::kNone;
  std::string_view detail;  // static text for the log and the body
};

// What a filter may ask of the exchange it works for. Implemented by Exchange.
class Control {
 public:
  virtual ~Control() = default;
  virtual void respond(const LocalReply& reply) = 0;
  virtual void resume() = 0;  // after kPause, from a later turn
  // The client's address after the trusted-hop rules, without a port.
  virtual std::string_view clientAddress() = 0;
};

// One step on the requests and responses of a route. One object per exchange: its fields are the
// request's state and its destructor is the end of it. Made in the exchange's arena.
//
// Thread: the exchange's worker.
class Filter {
 public:
  virtual ~Filter() = default;
  virtual Verdict onRequest(http::Request& request) {
    (void)request;
    return Verdict::kContinue;
  }
  // May replace `bytes`; the replacement must hold until the next call. kPause is not allowed.
  virtual Verdict onRequestBody(Bytes& bytes, bool last) {
    (void)bytes, (void)last;
    return Verdict::kContinue;
  }
  virtual Verdict onResponse(http::Response& response) {
    (void)response;
    return Verdict::kContinue;
  }
  virtual Verdict onResponseBody(Bytes& bytes, bool last) {
    (void)bytes, (void)last;
    return Verdict::kContinue;
  }
  // An answer of weir's own to a request that this filter has seen, instead of onResponse. Its
  // body passes no filter.
  virtual void onLocalReply(http::Response& response) { (void)response; }
};

}  // namespace weir::filter
