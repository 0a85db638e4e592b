#pragma once

#include <memory>

#include "core/base/buffer.h"
#include "core/net/stream.h"

namespace weir::net {

// A stream whose first bytes have already been read: they are delivered again, before those that
// follow. Afterwards events come directly from the wrapped stream.
class ResumedStream final : public Stream, private event::TurnEnd {
 public:
  // `wire` must not be reading.
  ResumedStream(event::Loop& loop, std::unique_ptr<Stream> wire, Bytes read_before);
  ~ResumedStream() override { loop_.cancelTurnEnd(*this); }

  void setEvents(StreamEvents& events) override;
  using Stream::write;
  void write(Bytes first, Bytes second) override { wire_->write(first, second); }
  std::size_t queued() const override { return wire_->queued(); }
  bool flush() override { return wire_->flush(); }
  void setReading(bool reading) override;
  void shutdownWrite() override { wire_->shutdownWrite(); }
  void abort() override { wire_->abort(); }
  const Security* security() const override { return wire_->security(); }

 private:
  void onTurnEnd() override;

  event::Loop& loop_;
  std::unique_ptr<Stream> wire_;
  StreamEvents* events_ = nullptr;
  Buffer untold_;
  bool reading_ = false;
};

}  // namespace weir::net
