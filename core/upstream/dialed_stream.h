#pragma once

#include <memory>
#include <optional>

#include "core/event/loop.h"
#include "core/net/stream.h"
#include "core/upstream/cluster.h"

namespace weir::upstream {

// A connection that Client dialed: counts towards the limits of its cluster until it is destroyed,
// and fails if it is not established within connect_timeout.
class DialedStream final : public net::Stream, private net::StreamEvents {
 public:
  static Result<std::unique_ptr<net::Stream>> dial(event::Loop& loop, Cluster& cluster,
                                                   Member& member);
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
  DialedStream(event::Loop& loop, Cluster& cluster, Member& member,
               std::unique_ptr<net::Stream> wire);

  void onConnected() override;
  void onData(Bytes bytes) override;
  void onEnd() override;
  void onDrained() override;
  void onBroken(Error error) override;
  void onTimeout();

  Cluster& cluster_;  // entered
  Member& member_;
  std::unique_ptr<net::Stream> wire_;
  net::StreamEvents* events_ = nullptr;
  const Nanoseconds started_;
  std::optional<Nanoseconds> connected_after_;
  std::optional<Error> failure_;  // nothing is reported after it
  event::Alarm<DialedStream, &DialedStream::onTimeout> timeout_;
};

}  // namespace weir::upstream
