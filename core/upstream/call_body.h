#pragma once

#include <cstddef>

#include "core/base/buffer.h"
#include "core/http/codec.h"

namespace weir::upstream {

// The body of a request of weir's own. Bytes wait here until there is a connection; those within
// the replay limit are kept, so that another attempt can send them again.
class CallBody {
 public:
  static constexpr std::size_t kMostReplayed = 64 * 1024;

  explicit CallBody(BlockPool& chunks) : held_(chunks) {}

  void keepForReplay(std::size_t limit) { replay_limit_ = limit; }
  void stopKeeping();  // no further attempt will follow

  void push(Bytes bytes);
  void end(const http::Headers* trailers);  // null: none
  void attach(http::BodySink& sink);        // sends to it, from the first byte
  void detach() { sink_ = nullptr; }        // the sink is gone: further bytes are held
  void discard();                           // nothing more will be sent

  // False if bytes that were sent are lost: the body cannot be sent again.
  bool replayable() const { return replayable_; }
  std::size_t queued() const;
  // Whether queued() has fallen to the low-water mark after having been above it; resets that.
  bool takeDrained();

 private:
  Buffer held_;
  http::BodySink* sink_ = nullptr;
  const http::Headers* trailers_ = nullptr;
  std::size_t replay_limit_ = 0;
  std::size_t bytes_ = 0;
  bool replayable_ = true;
  bool ended_ = false;
  bool discarding_ = false;
  bool backed_up_ = false;  // queued() was above the low-water mark
};

}  // namespace weir::upstream
