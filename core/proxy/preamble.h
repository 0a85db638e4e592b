#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/metric_keys.h"
#include "core/net/client_hello.h"
#include "core/net/proxy_protocol.h"
#include "core/net/security.h"
#include "core/net/stream.h"
#include "core/proxy/accepted.h"
#include "core/proxy/gate.h"

namespace weir::proxy {

// A connection while that arrives which must be known before it is served: the PROXY protocol
// header of a trusted peer, then the ClientHello, or the one byte that tells TLS from the rest.
// What was read of the client's own is told again to whoever serves it.
//
// Owned by: Gate's list, until it calls Gate::endPreamble, once.
class Preamble final : public Accepted, private net::StreamEvents {
 public:
  Preamble(Gate& gate, std::unique_ptr<net::Stream> stream, Visitor visitor);

  void start(bool has_header);
  // Terms are agreed on later.
  void retire() override {}
  void drain() override {}  // what it becomes will drain
  void breakNow() override { close(); }

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
  void handOn(const Admission& admission, Bytes rest);
  void refuse();
  void giveUp(ProxyProtocolResult header, net::Handshake hello);
  void failHandshake(net::Handshake result, std::string_view why);
  void close();

  Gate& gate_;
  std::unique_ptr<net::Stream> stream_;
  Visitor visitor_;
  std::string held_;  // no more than a header or a ClientHello may have, and one read
  Stage stage_ = Stage::kHeader;
  event::Alarm<Preamble, &Preamble::onDeadline> deadline_;
};

}  // namespace weir::proxy
