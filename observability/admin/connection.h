#pragma once

#include <list>
#include <memory>
#include <optional>

#include "core/event/loop.h"
#include "core/http/codec.h"
#include "core/http/preface.h"
#include "core/net/stream.h"
#include "observability/admin/exchange.h"
#include "observability/admin/shared.h"

namespace weir::admin {

class Connection;

// Events of a connection. Implemented by AdminServer.
class ConnectionEvents {
 public:
  virtual ~ConnectionEvents() = default;
  virtual void onClosed(Connection& connection) = 0;  // to be destroyed at the end of the turn
};

// A client's connection to the admin address: HTTP/1, or HTTP/2 with prior knowledge.
//
// Life: open -> lingering (queued bytes are sent, received ones are discarded) -> closed.
class Connection final : public event::Disposable,
                         private net::StreamEvents,
                         private http::Wire,
                         private http::ExchangeSource {
 public:
  Connection(Shared& shared, ConnectionEvents& events, std::unique_ptr<net::Stream> stream);
  ~Connection() override;

  void start();
  void closeNow();  // aborts all exchanges
  // The beginning of the time without a complete request; nullopt while there is one.
  std::optional<Milliseconds> idleSince() const;

 private:
  enum class State : std::uint8_t { kOpen, kLingering, kClosed };

  // net::StreamEvents
  void onData(Bytes bytes) override;
  void onEnd() override;
  void onDrained() override;
  void onBroken(Error error) override;
  // http::Wire
  void write(Bytes first, Bytes second) override;
  std::size_t queued() const override { return stream_->queued(); }
  void setReading(bool reading) override;
  void shutdownWrite() override { stream_->shutdownWrite(); }
  void close(bool unread) override;
  // http::ExchangeSource
  http::RequestEvents& openExchange(http::Responder& responder) override;
  void closeExchange(http::RequestEvents& exchange) override;

  bool detectVersion(Bytes bytes);
  void armFor(http::ServerCodec::Phase phase);
  void onDeadline();
  void remove();

  Shared& shared_;
  ConnectionEvents& events_;
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<http::ServerCodec> codec_;
  event::Alarm<Connection, &Connection::onDeadline> deadline_;
  std::list<Exchange> exchanges_;
  http::Preface preface_;
  State state_ = State::kOpen;
  Milliseconds idle_since_;
};

}  // namespace weir::admin
