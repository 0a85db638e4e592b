#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/event/loop.h"
#include "core/net/stream.h"
#include "core/redis/command.h"
#include "core/redis/reply.h"

namespace weir::redis {

// Receives the events of a Connection. Implemented by Client.
class ConnectionEvents {
 public:
  virtual ~ConnectionEvents() = default;
  virtual void onReply(const Reply& reply) = 0;  // in the order of the commands
  virtual void onBroken(std::string_view detail) = 0;
};

// A connection to a server. Commands are kept until the end of the turn and leave in one write.
// After drop() there are no events; it must be destroyed at the end of the turn.
class Connection final : public event::Disposable,
                         private net::StreamEvents,
                         private event::TurnEnd {
 public:
  Connection(event::Loop& loop, std::unique_ptr<net::Stream> stream, ConnectionEvents& events);
  ~Connection() override;

  void send(Words words);
  void drop() { events_ = nullptr; }
  // Bytes that the server has not taken yet.
  std::size_t queued() const { return out_.size() + stream_->queued(); }

 private:
  void onData(Bytes bytes) override;
  void onEnd() override { broken("the server closed the connection"); }
  void onDrained() override {}
  void onBroken(Error error) override;
  void onTurnEnd() override;
  void broken(std::string_view detail);

  event::Loop& loop_;
  const std::unique_ptr<net::Stream> stream_;
  ConnectionEvents* events_;  // null after drop()
  ReplyReader reader_;
  std::string out_;
};

}  // namespace weir::redis
