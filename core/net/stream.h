#pragma once

#include <cstddef>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/event/loop.h"
#include "core/net/security.h"

namespace weir::net {

// Hears what happens on a Stream. Implemented by the stream's one owner.
class StreamEvents {
 public:
  virtual ~StreamEvents() = default;
  // Of a stream that a Connector opened, or that is secured: now bytes may come. Nothing precedes
  // it.
  virtual void onConnected() {}
  virtual void onData(Bytes bytes) = 0;    // gone on return: the read buffer belongs to the loop
  virtual void onEnd() = 0;                // the peer sends no more; we may still write
  virtual void onDrained() = 0;            // queued() fell below kLowWater after having been above
  virtual void onBroken(Error error) = 0;  // nothing more goes in or out; destroy the stream
};

// A connection's bytes, both ways: a socket, TLS over another stream, or a pipe in memory.
//
// Writing never fails and never blocks: bytes are sent at the end of the turn, or kept until the
// peer takes them, and the writer watches queued(). A breakdown is told by onBroken, never from
// within a call to the stream. Destroying a stream closes it; bytes still queued are lost.
class Stream : public event::Disposable {
 public:
  // What is written while more than this is queued is copied, and waits its turn.
  static constexpr std::size_t kLowWater = 4 * 1024;

  virtual void setEvents(StreamEvents& events) = 0;
  virtual void write(Bytes first,
                     Bytes second) = 0;  // copied or sent on return; either may be empty
  void write(Bytes bytes) { write(bytes, {}); }
  virtual std::size_t queued() const = 0;
  // Sends now what waits for the end of the turn. False when the peer has to make room first.
  virtual bool flush() = 0;
  virtual void setReading(bool reading) = 0;  // a new stream does not read
  virtual void shutdownWrite() = 0;           // sends what is queued, then the end; once
  // To be destroyed next: the peer sees that something is missing, by a reset and, with TLS, for
  // want of close_notify. What is queued and not taken at once is lost. A Unix socket just ends.
  virtual void abort() = 0;
  // Null: in the clear. Else complete with onConnected, or with onBroken in place of it.
  virtual const Security* security() const { return nullptr; }
};

}  // namespace weir::net
