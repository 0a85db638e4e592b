#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/base/buffer.h"
#include "core/http/codec.h"
#include "core/net/stream.h"

namespace weir::proxy {

// The only byte pump: carries a body, or one direction of a tunnel, from a source to a sink.
//
// A sink that does not take all data at once pauses the source until it has taken it: bytes go
// straight from the read buffer to the kernel, only the rest of a read is copied, and an exchange
// holds no more than that. Bytes are held until there is a sink, and those within the replay limit
// are kept, so that another attempt can send them again.
class Relay {
 public:
  static constexpr std::size_t kHighWater = 8 * 1024;  // at the sink; less is collected there
  static constexpr std::size_t kLowWater = net::Stream::kLowWater;
  static constexpr std::size_t kMostHeld = 64 * 1024;  // while there is no sink
  static constexpr std::size_t kMaxReplay = 192 * 1024;

  explicit Relay(BlockPool& chunks) : held_(chunks) {}

  void setSource(http::BodySource& source) { source_ = &source; }
  void endSource() { source_ = nullptr; }  // it must not be used any more
  // Puts a stage between the source and the relay, which has no sink yet: the bytes held so far go
  // to `held`.
  void insert(http::BodySource& stage, Buffer& held);
  void keepForReplay(std::size_t limit) { replay_limit_ = std::min(limit, kMaxReplay); }
  void stopKeeping();  // no further attempt will follow

  void push(Bytes bytes);                   // from the source
  void end(const http::Headers* trailers);  // from the source; null: none
  // Sends to this sink, from the first byte. At most once unless replayable().
  void attach(http::BodySink& sink);
  void continueTo(http::BodySink& sink);  // past the end: the data after the switch to a tunnel
  void detach() { sink_ = nullptr; }      // the sink is gone: further bytes are held
  void discard();                         // the rest is read and dropped
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
