#include "core/proxy/preread.h"

#include <algorithm>
#include <utility>

#include "core/net/resumed_stream.h"

namespace weir::proxy {
namespace {

// A fatal unrecognized_name alert in a record of its own (RFC 8446, 6; RFC 6066, 3).
constexpr std::string_view kUnrecognizedName("\x15\x03\x03\x00\x02\x02\x70", 7);

}  // namespace

Preread::Preread(DownstreamOwner& listener, std::unique_ptr<net::Stream> stream,
                 ConnectionFacts facts)
    : listener_(listener),
      stream_(std::move(stream)),
      facts_(std::move(facts)),
      deadline_(listener.engine().loop().wheel(), *this) {
  stream_->setEvents(*this);
}

void Preread::start(bool has_header) {
  const ListenerPlan& plan = listener_.plan();
  if (!has_header) stage_ = Stage::kHello;
  deadline_.arm(has_header ? plan.proxy_protocol_timeout : plan.hello_timeout);
  stream_->setReading(true);
}

bool Preread::required() const {
  return listener_.plan().proxy_protocol == ProxyProtocol::kRequired;
}

void Preread::onData(Bytes bytes) {
  if (stage_ == Stage::kOver) return;
  if (held_.empty()) return read(bytes);
  held_.append(asText(bytes));
  read(asBytes(held_));
}

void Preread::read(Bytes bytes) {
  if (stage_ == Stage::kHeader) return readHeader(bytes);
  readHello(bytes);
}

// `bytes` may already be the held ones.
void Preread::keep(Bytes bytes) {
  if (bytes.data() != held_.data()) held_ = std::string(asText(bytes));
}

void Preread::readHeader(Bytes bytes) {
  net::ProxyHeader header;
  switch (net::readProxyHeader(bytes, header)) {
    case net::ProxyRead::kMore:
      return keep(bytes);
    case net::ProxyRead::kBroken:
      return giveUp(ProxyProtocolResult::kBroken, net::Handshake::kClosed);
    case net::ProxyRead::kAbsent:
      if (required()) return giveUp(ProxyProtocolResult::kMissing, net::Handshake::kClosed);
      return endHeader(ProxyProtocolResult::kAbsent, bytes);
    case net::ProxyRead::kComplete:
      takeHeader(header);
      return endHeader(
          header.version == 1 ? ProxyProtocolResult::kVersion1 : ProxyProtocolResult::kVersion2,
          bytes.subspan(header.bytes));
  }
}

void Preread::takeHeader(const net::ProxyHeader& header) {
  if (header.client) facts_.address = *header.client;
  if (header.server) facts_.server = *header.server;
  facts_.server_name = header.authority;
  facts_.alpn = header.alpn;
}

void Preread::endHeader(ProxyProtocolResult result, Bytes rest) {
  listener_.countProxyHeader(result);
  stage_ = Stage::kHello;
  if (!listener_.plan().peeks()) return handOn({}, rest);
  deadline_.arm(listener_.plan().hello_timeout);
  if (rest.empty()) return held_.clear();
  readHello(rest);
}

void Preread::readHello(Bytes bytes) {
  const ListenerPlan& plan = listener_.plan();
  const bool is_tls = bytes.front() == net::kHandshakeRecord;
  if (!is_tls && plan.servesPlaintext()) return handOn({PrereadResult::Way::kClear}, bytes);
  if (!is_tls || plan.tls_rules.empty()) return handOn({}, bytes);
  net::ClientHello hello;
  switch (net::readClientHello(bytes, hello)) {
    case net::HelloRead::kMore:
      return keep(bytes);
    case net::HelloRead::kComplete:
      return judge(hello, bytes);
    case net::HelloRead::kNotTls:
    case net::HelloRead::kBroken:
      // The TLS stream reports the error.
      if (plan.tls != nullptr) return handOn({}, bytes);
      failHandshake(net::Handshake::kProtocol, "TLS handshake: malformed ClientHello");
      return close();
  }
}

void Preread::judge(const net::ClientHello& hello, Bytes bytes) {
  const ListenerPlan& plan = listener_.plan();
  const auto rule = std::find_if(plan.tls_rules.begin(), plan.tls_rules.end(),
                                 [&](const TlsRule& each) { return each.matches(hello); });
  TlsRule::Action action =
      plan.tls != nullptr ? TlsRule::Action::kTerminate : TlsRule::Action::kRefuse;
  if (rule != plan.tls_rules.end()) action = rule->action;
  facts_.server_name = hello.server_name;
  if (!hello.soleProtocol().empty()) facts_.alpn = hello.soleProtocol();
  switch (action) {
    case TlsRule::Action::kPassthrough:
      return handOn({PrereadResult::Way::kPass, rule->upstream}, bytes);
    case TlsRule::Action::kTerminate:
      return handOn({}, bytes);
    case TlsRule::Action::kRefuse:
      return refuse();
  }
}

void Preread::refuse() {
  failHandshake(net::Handshake::kUnknownName, "TLS handshake: the server name is refused");
  stream_->write(asBytes(kUnrecognizedName));
  stream_->flush();
  close();
}

// A client that sends a header or uses TLS begins at once. A silent one has opened a connection
// ahead of need, or waits for the server to send first.
void Preread::onDeadline() {
  const bool silent = held_.empty();
  if (stage_ == Stage::kHeader && silent && !required()) {
    return endHeader(ProxyProtocolResult::kAbsent, {});
  }
  if (stage_ == Stage::kHello && silent && listener_.plan().servesPlaintext()) {
    return handOn({PrereadResult::Way::kClear}, {});
  }
  giveUp(ProxyProtocolResult::kTimeout, net::Handshake::kTimeout);
}

void Preread::handOn(const PrereadResult& admission, Bytes rest) {
  stage_ = Stage::kOver;
  deadline_.disarm();
  stream_->setReading(false);
  std::unique_ptr<net::Stream> stream = std::move(stream_);
  if (!rest.empty()) {
    stream =
        std::make_unique<net::ResumedStream>(listener_.engine().loop(), std::move(stream), rest);
  }
  listener_.endPreread(*this, admission, std::move(stream), std::move(facts_));
}

void Preread::giveUp(ProxyProtocolResult header, net::Handshake hello) {
  if (stage_ == Stage::kHeader) listener_.countProxyHeader(header);
  if (stage_ == Stage::kHello && (listener_.plan().tls != nullptr || !held_.empty())) {
    failHandshake(hello, "TLS handshake: timeout");
  }
  close();
}

void Preread::failHandshake(net::Handshake result, std::string_view why) {
  net::Security failed;
  failed.result = result;
  failed.server_name = facts_.server_name;
  listener_.failHandshake(failed, facts_.address.ip(), why);
}

void Preread::close() {
  if (std::exchange(stage_, Stage::kOver) == Stage::kOver) return;
  deadline_.disarm();
  // The stream may be on the stack: it is destroyed later with this object, without further events.
  stream_->setReading(false);
  listener_.endPreread(*this, {PrereadResult::Way::kClosed}, nullptr, {});
}

}  // namespace weir::proxy
