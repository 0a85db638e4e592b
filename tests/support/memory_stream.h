#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "core/event/loop.h"
#include "core/net/stream.h"

namespace weir::test {

// What one end of a MemoryStream receives, and what the network does to it on the way.
class MemoryWire {
 public:
  explicit MemoryWire(event::Loop& loop, event::TurnEnd* receiver)
      : loop_(loop), receiver_(receiver) {}

  void setFragment(std::size_t bytes);  // at most so many in one onData; 0: all there is
  void setStalled(bool stalled);        // nothing arrives while stalled
  // Both ends break once so many bytes have arrived since the start; what follows is lost.
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
  event::TurnEnd* receiver_;  // null when nobody is there
  std::string bytes_;
  std::size_t taken_ = 0;  // of bytes_
  std::size_t delivered_ = 0;
  std::size_t fragment_ = 0;
  std::size_t reset_after_ = std::numeric_limits<std::size_t>::max();
  ErrorCode reset_code_ = ErrorCode::kReset;
  bool stalled_ = false;
  bool ended_ = false;
};

// One of two ends of a connection in memory: a net::Stream without sockets and without time.
//
// What is written arrives at the other end when the turn ends (Loop::advance or runOnce), if that
// end reads; until then it counts as queued(). There is no kernel in between that takes anything.
// Destroying an end lets what it wrote arrive, then its end; use reset() for a harsher close.
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
  bool flush() override;  // true when the other end takes what is queued, if only at the turn's end
  void setReading(bool reading) override;
  void shutdownWrite() override;
  void abort() override;

  const net::Security* security() const override { return security_.get(); }

  // As after a handshake in which the other end showed a certificate.
  void secure(Nanoseconds not_after) {
    auto peer = std::make_unique<net::PeerCertificate>();
    peer->not_after = not_after;
    security_ = std::make_unique<net::Security>();
    security_->peer = std::move(peer);
  }
  void reset();        // the other end breaks at the end of the turn; this one is dead
  MemoryWire& sent();  // towards the other end, which must be there
  MemoryWire& received() { return incoming_; }
  bool reading() const { return reading_; }
  bool peerGone() const { return peer_ == nullptr; }

 private:
  friend class MemoryConnector;
  enum class State { kConnecting, kConnected, kOpen, kBroken };  // kConnected: not told yet

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
  bool drained_ = false;  // to be told
  std::optional<ErrorCode> failure_;
  std::unique_ptr<net::Security> security_;  // null: in the clear
};

}  // namespace weir::test
