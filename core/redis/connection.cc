#include "core/redis/connection.h"

#include <utility>

namespace weir::redis {

Connection::Connection(event::Loop& loop, std::unique_ptr<net::Stream> stream,
                       ConnectionEvents& events)
    : loop_(loop), stream_(std::move(stream)), events_(&events) {
  stream_->setEvents(*this);
  stream_->setReading(true);
}

Connection::~Connection() { loop_.cancelTurnEnd(*this); }

void Connection::send(Words words) {
  if (out_.empty()) loop_.atTurnEnd(*this);
  appendCommand(out_, words);
}

void Connection::onTurnEnd() {
  stream_->write(asBytes(out_));
  stream_->flush();
  out_.clear();
}

void Connection::onData(Bytes bytes) {
  // An event may drop the connection.
  while (events_ != nullptr) {
    switch (reader_.read(bytes)) {
      case ReplyReader::Outcome::kMore:
        return;
      case ReplyReader::Outcome::kInvalid:
        return broken("invalid reply");
      case ReplyReader::Outcome::kComplete:
        events_->onReply(reader_.reply());
        break;
    }
  }
}

void Connection::onBroken(Error error) {
  broken(error.detail.empty() ? toString(error.code) : error.detail);
}

void Connection::broken(std::string_view detail) {
  if (events_ != nullptr) std::exchange(events_, nullptr)->onBroken(detail);
}

}  // namespace weir::redis
