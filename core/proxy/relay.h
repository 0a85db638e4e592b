#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/base/buffer.h"
#include "core/http/codec.h"
#include "core/net/stream.h"

namespace weir::proxy {

// The one byte pump: carries a body, or one way of a tunnel, from a source to a sink.
//
// A sink that does not take all at once stops the source until it has: so bytes go straight from
// the read buffer to the kernel, only the rest of a read is ever copied, and an exchange holds no
// more than that. Before there is a sink bytes are held back; and as long as they fit into the
// replay limit they are kept, so that another attempt can send them again.
class Relay {
 public:
  static constexpr std::size_t kHighWater =
      8 * 1024;  // waiting at the sink; less is gathered there
  static constexpr std::size_t kLowWater = net::Stream::kLowWater;
  static constexpr std::size_t kMostHeld = 64 * 1024;  // while there is no sink
  static constexpr std::size_t kMaxReplay = 192 * 1024;

  explicit Relay(BlockPool& chunks) : held_(chunks) {}

  void setSource(http::BodySource& source) { source_ = &source; }
  void keepForReplay(std::size_t limit) { replay_limit_ = std::min(limit, kMaxReplay); }
  void stopKeeping();  // no further attempt will follow

  void push(Bytes bytes);                   // from the source
  void end(const http::Headers* trailers);  // from the source; null: none
  // Goes on with this sink, from the first byte. At most once unless replayable().
  void attach(http::BodySink& sink);
  void continueTo(http::BodySink& sink);  // past the end: what follows the switch to a tunnel
  void detach() { sink_ = nullptr; }      // the sink is gone: what comes is held back
  void discard();                         // nobody wants the rest: it is read and dropped
  void onDrained();                       // of the sink

  bool replayable() const { return replayable_; }
  bool ended() const { return ended_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  void pause();

  Buffer held_;
  http::BodySource* source_ = nullptr;
  http::BodySink* sink_ = nullptr;
  const http::Headers* trailers_ = nullptr;
  std::size_t replay_limit_ = 0;
  std::uint64_t bytes_ = 0;
  bool replayable_ = true;
  bool ended_ = false;
  bool paused_ = false;
  bool discarding_ = false;
};

}  // namespace weir::proxy
