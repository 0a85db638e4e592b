#pragma once

#include <cstddef>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/event/loop.h"
#include "core/net/security.h"

namespace weir::net {

// Receives the events of a Stream. Implemented by the stream's one owner.
class StreamEvents {
 public:
  virtual ~StreamEvents() = default;
  // For a stream opened by a Connector, or with TLS: data may follow. It is the first event.
  virtual void onConnected() {}
  virtual void onData(Bytes bytes) = 0;    // only valid during the call, in the loop's buffer
  virtual void onEnd() = 0;                // the peer sends no more; writing is still possible
  virtual void onDrained() = 0;            // queued() fell to kLowWater after having been above it
  virtual void onBroken(Error error) = 0;  // nothing more is sent or received; destroy the stream
};

// A bidirectional byte stream: a socket, TLS over another stream, or a pipe in memory.
//
// Writing never fails and never blocks: bytes are sent at the end of the turn, or kept until the
// peer takes them, and the writer checks queued(). A failure is reported by onBroken, never from
// within a call to the stream. Destroying a stream closes it; bytes still queued are lost.
class Stream : public event::Disposable {
 public:
  // While more than this is queued, further data is copied and waits its turn.
  static constexpr std::size_t kLowWater = 4 * 1024;

  virtual void setEvents(StreamEvents& events) = 0;
  virtual void write(Bytes first,
                     Bytes second) = 0;  // copied or sent on return; either may be empty
  void write(Bytes bytes) { write(bytes, {}); }
  virtual std::size_t queued() const = 0;
  // Sends at once the data that waits for the end of the turn. False if the peer must make room
  // first.
  virtual bool flush() = 0;
  virtual void setReading(bool reading) = 0;  // a new stream does not read
  virtual void shutdownWrite() = 0;           // sends the queued data, then the end; call it once
  // Must be followed by destruction: a reset and, with TLS, the lack of close_notify show the peer
  // that data is missing. Queued data that is not taken at once is lost. A Unix socket just ends.
  virtual void abort() = 0;
  // Null in plaintext. Otherwise complete with onConnected, or with onBroken instead.
  virtual const Security* security() const { return nullptr; }
};

}  // namespace weir::net
