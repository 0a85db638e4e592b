#pragma once

#include <memory>

#include "core/base/result.h"
#include "core/net/address.h"
#include "core/net/stream.h"

namespace weir::net {

// Opens connections. An interface for TLS, the PROXY protocol and tests.
class Connector {
 public:
  virtual ~Connector() = default;
  // Begins to connect: the stream already reads and accepts writes; onConnected or onBroken
  // follows. Fails at once if no socket can be created.
  virtual Result<std::unique_ptr<Stream>> connect(const Address& to) = 0;
};

class TcpConnector final : public Connector {
 public:
  explicit TcpConnector(event::Loop& loop) : loop_(loop) {}
  Result<std::unique_ptr<Stream>> connect(const Address& to) override;

 private:
  event::Loop& loop_;
};

}  // namespace weir::net
