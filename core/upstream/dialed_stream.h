#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "core/event/loop.h"
#include "core/net/stream.h"
#include "core/upstream/attempt.h"
#include "core/upstream/tries.h"

namespace weir::upstream {

// A connection that Client dialed: counts towards the limits of its cluster until it is destroyed,
// and fails if it is not established within connect_timeout.
class DialedStream final : public net::Stream, private net::StreamEvents, private AttemptEvents {
 public:
  // `to`: null: an endpoint that the balancer selects. `first` is sent before everything else,
  // including TLS.
  static Result<std::unique_ptr<net::Stream>> dial(event::Loop& loop, Cluster& cluster,
                                                   const net::Address* to,
                                                   std::string_view first = {});
  ~DialedStream() override;

  void setEvents(net::StreamEvents& events) override { events_ = &events; }
  using net::Stream::write;
  void write(Bytes first, Bytes second) override { wire_->write(first, second); }
  std::size_t queued() const override { return wire_->queued(); }
  bool flush() override { return wire_->flush(); }
  void setReading(bool reading) override { wire_->setReading(reading); }
  void shutdownWrite() override { wire_->shutdownWrite(); }
  void abort() override { wire_->abort(); }
  const net::Security* security() const override { return wire_->security(); }

 private:
  DialedStream(event::Loop& loop, Cluster& cluster);
  Result<void> open(const net::Address* to, std::string_view first);

  void onConnected() override;
  void onData(Bytes bytes) override;
  void onEnd() override;
  void onDrained() override;
  void onBroken(Error error) override;
  // AttemptEvents; there is no connection of a pool.
  void onAcquired(const PooledConnection&) override {}
  void onAcquireFailed(Error) override {}
  void onAttemptTimeout() override;

  Tries tries_;
  Attempt attempt_;
  std::unique_ptr<net::Stream> wire_;
  net::StreamEvents* events_ = nullptr;
  bool connected_ = false;
  std::optional<Error> failure_;  // nothing is reported after it
};

}  // namespace weir::upstream
