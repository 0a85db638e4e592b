#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "core/event/loop.h"
#include "core/net/stream.h"

namespace weir::test {

// The bytes on the way to one end of a MemoryStream, and the network's effects on them.
class MemoryWire {
 public:
  explicit MemoryWire(event::Loop& loop, event::TurnEnd* receiver)
      : loop_(loop), receiver_(receiver) {}

  void setFragment(std::size_t bytes);  // at most so many per onData; 0: all available
  void setStalled(bool stalled);        // nothing arrives while stalled
  // Both ends fail once so many bytes have arrived in total; later bytes are lost.
  void resetAfter(std::size_t bytes, ErrorCode code = ErrorCode::kReset);
  std::size_t delivered() const { return delivered_; }
  std::size_t waiting() const { return bytes_.size() - taken_; }  // sent, not arrived

 private:
  friend class MemoryStream;
  std::size_t deliverable() const;
  std::string take(std::size_t bytes);
  bool resetDue() const { return delivered_ >= reset_after_; }
  void wake();

  event::Loop& loop_;
  event::TurnEnd* receiver_;  // null if that end does not exist
  std::string bytes_;
  std::size_t taken_ = 0;  // of bytes_
  std::size_t delivered_ = 0;
  std::size_t fragment_ = 0;
  std::size_t reset_after_ = std::numeric_limits<std::size_t>::max();
  ErrorCode reset_code_ = ErrorCode::kReset;
  bool stalled_ = false;
  bool ended_ = false;
};

// One of the two ends of a connection in memory: a net::Stream without sockets and delays.
//
// Written bytes arrive at the other end when the turn ends (Loop::advance or runOnce), if that end
// reads; until then they count as queued(), because no kernel buffers them. If an end is destroyed,
// its bytes still arrive, followed by the end of the stream; use reset() for an abort.
class MemoryStream final : public net::Stream, private event::TurnEnd {
 public:
  struct Pair {
    std::unique_ptr<MemoryStream> first;
    std::unique_ptr<MemoryStream> second;
  };
  static Pair makePair(event::Loop& loop);
  ~MemoryStream() override;

  void setEvents(net::StreamEvents& events) override;
  using net::Stream::write;
  void write(Bytes first, Bytes second) override;
  std::size_t queued() const override;
  bool flush() override;  // true if the other end takes all queued bytes by the turn's end
  void setReading(bool reading) override;
  void shutdownWrite() override;
  void abort() override;

  const net::Security* security() const override { return security_.get(); }

  // As after a handshake in which the other end presented a certificate.
  void secure(Nanoseconds not_after) {
    auto peer = std::make_unique<net::PeerCertificate>();
    peer->not_after = not_after;
    security_ = std::make_unique<net::Security>();
    security_->peer = std::move(peer);
  }
  void reset();        // the other end fails at the end of the turn; this one is unusable
  MemoryWire& sent();  // to the other end, which must exist
  MemoryWire& received() { return incoming_; }
  bool reading() const { return reading_; }
  bool peerGone() const { return peer_ == nullptr; }

 private:
  friend class MemoryConnector;
  enum class State { kConnecting, kConnected, kOpen, kBroken };  // kConnected: not reported yet

  MemoryStream(event::Loop& loop, State state);
  void onTurnEnd() override;
  void deliver();
  void resetBoth();
  void fail(ErrorCode code);
  void afterTaken();
  void finishConnecting();
  bool failureDue() const;

  event::Loop& loop_;
  MemoryWire incoming_;
  MemoryStream* peer_ = nullptr;  // null once it is destroyed
  net::StreamEvents* events_ = nullptr;
  State state_;
  bool reading_ = false;
  bool write_ended_ = false;
  bool end_told_ = false;
  bool backed_up_ = false;
  bool drained_ = false;  // to be reported
  std::optional<ErrorCode> failure_;
  std::unique_ptr<net::Security> security_;  // null: plaintext
};

}  // namespace weir::test
