#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/net/client_hello.h"
#include "core/net/proxy_protocol.h"
#include "core/net/security.h"
#include "core/net/stream.h"
#include "core/proxy/connection_metrics.h"
#include "core/proxy/downstream_connection.h"
#include "core/proxy/downstream_owner.h"

namespace weir::proxy {

// An accepted connection while its first bytes are inspected: the PROXY protocol header of a
// trusted peer, then the ClientHello or the one byte that distinguishes TLS from plaintext. The
// client's own bytes are replayed to the code that serves the connection.
//
// Owned by: Listener's list, until it calls Listener::endPreread, once.
class Preread final : public DownstreamConnection, private net::StreamEvents {
 public:
  Preread(DownstreamOwner& listener, std::unique_ptr<net::Stream> stream, ConnectionFacts facts);

  void start(bool has_header);
  // Terms are not yet agreed.
  void retire() override {}
  void drain() override {}  // the connection that follows will drain
  void closeNow() override { close(); }

 private:
  enum class Stage : std::uint8_t { kHeader, kHello, kOver };

  void onData(Bytes bytes) override;
  void onEnd() override { giveUp(ProxyProtocolResult::kClosed, net::Handshake::kClosed); }
  void onDrained() override {}
  void onBroken(Error) override { giveUp(ProxyProtocolResult::kClosed, net::Handshake::kClosed); }
  void onDeadline();

  void read(Bytes bytes);
  void readHeader(Bytes bytes);
  void takeHeader(const net::ProxyHeader& header);
  void endHeader(ProxyProtocolResult result, Bytes rest);
  void readHello(Bytes bytes);
  void judge(const net::ClientHello& hello, Bytes bytes);
  void keep(Bytes bytes);
  bool required() const;
  void handOn(const PrereadResult& admission, Bytes rest);
  void refuse();
  void giveUp(ProxyProtocolResult header, net::Handshake hello);
  void failHandshake(net::Handshake result, std::string_view why);
  void close();

  DownstreamOwner& listener_;
  std::unique_ptr<net::Stream> stream_;
  ConnectionFacts facts_;
  std::string held_;  // at most a header or a ClientHello, and one read
  Stage stage_ = Stage::kHeader;
  event::Alarm<Preread, &Preread::onDeadline> deadline_;
};

}  // namespace weir::proxy
