#pragma once

#include <memory>
#include <string>

#include "core/base/linked.h"
#include "core/base/metric_keys.h"
#include "core/event/loop.h"
#include "core/net/address.h"
#include "core/net/proxy_protocol.h"
#include "core/net/stream.h"

namespace weir::proxy {

class Gate;

// A connection of a trusted peer while its PROXY protocol header arrives, before TLS and HTTP.
//
// Owned by: Gate's list, until it calls Gate::endPreamble, once.
class Preamble final : public event::Disposable,
                       public Linked<Preamble>,  // the gate's list
                       private net::StreamEvents {
 public:
  Preamble(Gate& gate, std::unique_ptr<net::Stream> stream, const net::Address& peer);

  void start();
  void breakNow() { giveUp(ProxyProtocolResult::kClosed); }

 private:
  void onData(Bytes bytes) override;
  void onEnd() override;
  void onDrained() override {}
  void onBroken(Error error) override;

  void read(Bytes bytes);
  void onDeadline();
  void handOn(ProxyProtocolResult result, Bytes rest, const net::Address& client);
  void giveUp(ProxyProtocolResult result);
  bool required() const;

  Gate& gate_;
  std::unique_ptr<net::Stream> stream_;
  const net::Address peer_;
  std::string held_;  // less than the longest header: what is one is handed on
  bool over_ = false;
  event::Alarm<Preamble, &Preamble::onDeadline> deadline_;
};

}  // namespace weir::proxy
