#include "core/net/resumed_stream.h"

#include <utility>

namespace weir::net {

ResumedStream::ResumedStream(event::Loop& loop, std::unique_ptr<Stream> wire, Bytes read_before)
    : loop_(loop), wire_(std::move(wire)), untold_(loop.chunks()) {
  untold_.append(read_before);
}

void ResumedStream::setEvents(StreamEvents& events) {
  events_ = &events;
  wire_->setEvents(events);
}

void ResumedStream::setReading(bool reading) {
  reading_ = reading;
  if (untold_.empty()) return wire_->setReading(reading);
  if (reading) loop_.atTurnEnd(*this);
}

// The bytes stay in the buffer during delivery: the receiver may write, or pause reading.
void ResumedStream::onTurnEnd() {
  while (reading_ && !untold_.empty()) {
    const Bytes piece = untold_.front();
    events_->onData(piece);
    untold_.consume(piece.size());
  }
  if (reading_ && untold_.empty()) wire_->setReading(true);
}

}  // namespace weir::net
