#pragma once

#include <memory>

#include "core/net/connector.h"
#include "core/tls/tls_stream.h"

namespace weir::tls {

// Opens TLS connections over those of another connector.
class Connector final : public net::Connector {
 public:
  // The last two parameters are those of TlsStream::connect().
  Connector(event::Loop& loop, net::Connector& wires, std::shared_ptr<const ClientConfig> context,
            SessionStore* sessions, std::string_view protocol = {})
      : loop_(loop),
        wires_(wires),
        context_(std::move(context)),
        sessions_(sessions),
        protocol_(protocol) {}

  Result<std::unique_ptr<net::Stream>> connect(const net::Address& to) override {
    WEIR_TRY(std::unique_ptr<net::Stream> wire, wires_.connect(to));
    return TlsStream::connect(loop_, std::move(wire), context_, sessions_, protocol_);
  }

 private:
  event::Loop& loop_;
  net::Connector& wires_;
  std::shared_ptr<const ClientConfig> context_;
  SessionStore* const sessions_;
  const std::string_view protocol_;
};

}  // namespace weir::tls
