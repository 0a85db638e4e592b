#pragma once

#include <memory>

#include "core/base/result.h"
#include "core/net/address.h"
#include "core/net/stream.h"

namespace weir::net {

// Opens connections. The seam at which TLS, the PROXY protocol and tests come in.
class Connector {
 public:
  virtual ~Connector() = default;
  // Begins to connect: the stream reads already, may be written to, and tells onConnected or
  // onBroken. Fails at once when no socket can be had.
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
