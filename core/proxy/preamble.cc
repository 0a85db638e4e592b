#include "core/proxy/preamble.h"

#include <utility>

#include "core/net/resumed_stream.h"
#include "core/proxy/gate.h"

namespace weir::proxy {

Preamble::Preamble(Gate& gate, std::unique_ptr<net::Stream> stream, const net::Address& peer)
    : gate_(gate),
      stream_(std::move(stream)),
      peer_(peer),
      deadline_(gate.engine().loop().wheel(), *this) {
  stream_->setEvents(*this);
}

void Preamble::start() {
  deadline_.arm(gate_.plan().proxy_protocol_timeout);
  stream_->setReading(true);
}

bool Preamble::required() const { return gate_.plan().proxy_protocol == ProxyProtocol::kRequired; }

void Preamble::onData(Bytes bytes) {
  if (over_) return;
  if (held_.empty()) return read(bytes);
  held_.append(asText(bytes));
  read(asBytes(held_));
}

void Preamble::read(Bytes bytes) {
  net::ProxyHeader header;
  switch (net::readProxyHeader(bytes, header)) {
    case net::ProxyRead::kMore:
      if (held_.empty()) held_ = asText(bytes);
      return;
    case net::ProxyRead::kBroken:
      return giveUp(ProxyProtocolResult::kBroken);
    case net::ProxyRead::kAbsent:
      if (required()) return giveUp(ProxyProtocolResult::kMissing);
      return handOn(ProxyProtocolResult::kAbsent, bytes, peer_);
    case net::ProxyRead::kComplete:
      return handOn(
          header.version == 1 ? ProxyProtocolResult::kVersion1 : ProxyProtocolResult::kVersion2,
          bytes.subspan(header.bytes), header.client.value_or(peer_));
  }
}

void Preamble::onEnd() { giveUp(ProxyProtocolResult::kClosed); }

void Preamble::onBroken(Error) { giveUp(ProxyProtocolResult::kClosed); }

// Who sends a header sends it at once. Silence is a client that opened a connection ahead of need.
void Preamble::onDeadline() {
  if (required() || !held_.empty()) return giveUp(ProxyProtocolResult::kTimeout);
  handOn(ProxyProtocolResult::kAbsent, {}, peer_);
}

void Preamble::handOn(ProxyProtocolResult result, Bytes rest, const net::Address& client) {
  over_ = true;
  deadline_.disarm();
  stream_->setReading(false);
  std::unique_ptr<net::Stream> stream = std::move(stream_);
  if (!rest.empty()) {
    stream = std::make_unique<net::ResumedStream>(gate_.engine().loop(), std::move(stream), rest);
  }
  gate_.endPreamble(*this, result, std::move(stream), client);
}

void Preamble::giveUp(ProxyProtocolResult result) {
  if (std::exchange(over_, true)) return;
  deadline_.disarm();
  // The stream may be on the stack: it goes with this object, later, and is not heard any more.
  stream_->setReading(false);
  gate_.endPreamble(*this, result, nullptr, peer_);
}

}  // namespace weir::proxy
