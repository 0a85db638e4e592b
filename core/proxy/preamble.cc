#include "core/proxy/preamble.h"

#include <algorithm>
#include <utility>

#include "core/net/resumed_stream.h"

namespace weir::proxy {
namespace {

// A fatal alert, unrecognized_name, in a record of its own (RFC 8446, 6; RFC 6066, 3).
constexpr std::string_view kUnrecognizedName("\x15\x03\x03\x00\x02\x02\x70", 7);

}  // namespace

Preamble::Preamble(Gate& gate, std::unique_ptr<net::Stream> stream, Visitor visitor)
    : gate_(gate),
      stream_(std::move(stream)),
      visitor_(std::move(visitor)),
      deadline_(gate.engine().loop().wheel(), *this) {
  stream_->setEvents(*this);
}

void Preamble::start(bool has_header) {
  const ListenerPlan& plan = gate_.plan();
  if (!has_header) stage_ = Stage::kHello;
  deadline_.arm(has_header ? plan.proxy_protocol_timeout : plan.hello_timeout);
  stream_->setReading(true);
}

bool Preamble::required() const { return gate_.plan().proxy_protocol == ProxyProtocol::kRequired; }

void Preamble::onData(Bytes bytes) {
  if (stage_ == Stage::kOver) return;
  if (held_.empty()) return read(bytes);
  held_.append(asText(bytes));
  read(asBytes(held_));
}

void Preamble::read(Bytes bytes) {
  if (stage_ == Stage::kHeader) return readHeader(bytes);
  readHello(bytes);
}

// The bytes may be those that are held already.
void Preamble::keep(Bytes bytes) {
  if (bytes.data() != held_.data()) held_ = std::string(asText(bytes));
}

void Preamble::readHeader(Bytes bytes) {
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

void Preamble::takeHeader(const net::ProxyHeader& header) {
  if (header.client) visitor_.address = *header.client;
  if (header.server) visitor_.server = *header.server;
  visitor_.server_name = header.authority;
  visitor_.alpn = header.alpn;
}

void Preamble::endHeader(ProxyProtocolResult result, Bytes rest) {
  gate_.countProxyHeader(result);
  stage_ = Stage::kHello;
  if (!gate_.plan().peeks()) return handOn({}, rest);
  deadline_.arm(gate_.plan().hello_timeout);
  if (rest.empty()) return held_.clear();
  readHello(rest);
}

void Preamble::readHello(Bytes bytes) {
  const ListenerPlan& plan = gate_.plan();
  const bool is_tls = bytes.front() == net::kHandshakeRecord;
  if (!is_tls && plan.servesPlaintext()) return handOn({Admission::Way::kClear}, bytes);
  if (!is_tls || plan.tls_rules.empty()) return handOn({}, bytes);
  net::ClientHello hello;
  switch (net::readClientHello(bytes, hello)) {
    case net::HelloRead::kMore:
      return keep(bytes);
    case net::HelloRead::kComplete:
      return judge(hello, bytes);
    case net::HelloRead::kNotTls:
    case net::HelloRead::kBroken:
      // Who speaks TLS here says what is wrong with it.
      if (plan.tls != nullptr) return handOn({}, bytes);
      failHandshake(net::Handshake::kProtocol, "TLS handshake: broken ClientHello");
      return close();
  }
}

void Preamble::judge(const net::ClientHello& hello, Bytes bytes) {
  const ListenerPlan& plan = gate_.plan();
  const auto rule = std::find_if(plan.tls_rules.begin(), plan.tls_rules.end(),
                                 [&](const TlsRule& each) { return each.matches(hello); });
  TlsRule::Action action =
      plan.tls != nullptr ? TlsRule::Action::kTerminate : TlsRule::Action::kRefuse;
  if (rule != plan.tls_rules.end()) action = rule->action;
  visitor_.server_name = hello.server_name;
  if (!hello.soleProtocol().empty()) visitor_.alpn = hello.soleProtocol();
  switch (action) {
    case TlsRule::Action::kPassthrough:
      return handOn({Admission::Way::kPass, rule->upstream}, bytes);
    case TlsRule::Action::kTerminate:
      return handOn({}, bytes);
    case TlsRule::Action::kRefuse:
      return refuse();
  }
}

void Preamble::refuse() {
  failHandshake(net::Handshake::kUnknownName, "TLS handshake: the server name is refused");
  stream_->write(asBytes(kUnrecognizedName));
  stream_->flush();
  close();
}

// Who sends a header, or speaks TLS, begins at once. Silence is a client that opened a connection
// ahead of need, or one that waits for the server to speak.
void Preamble::onDeadline() {
  const bool silent = held_.empty();
  if (stage_ == Stage::kHeader && silent && !required()) {
    return endHeader(ProxyProtocolResult::kAbsent, {});
  }
  if (stage_ == Stage::kHello && silent && gate_.plan().servesPlaintext()) {
    return handOn({Admission::Way::kClear}, {});
  }
  giveUp(ProxyProtocolResult::kTimeout, net::Handshake::kTimeout);
}

void Preamble::handOn(const Admission& admission, Bytes rest) {
  stage_ = Stage::kOver;
  deadline_.disarm();
  stream_->setReading(false);
  std::unique_ptr<net::Stream> stream = std::move(stream_);
  if (!rest.empty()) {
    stream = std::make_unique<net::ResumedStream>(gate_.engine().loop(), std::move(stream), rest);
  }
  gate_.endPreamble(*this, admission, std::move(stream), std::move(visitor_));
}

void Preamble::giveUp(ProxyProtocolResult header, net::Handshake hello) {
  if (stage_ == Stage::kHeader) gate_.countProxyHeader(header);
  if (stage_ == Stage::kHello && (gate_.plan().tls != nullptr || !held_.empty())) {
    failHandshake(hello, "TLS handshake: timeout");
  }
  close();
}

void Preamble::failHandshake(net::Handshake result, std::string_view why) {
  net::Security failed;
  failed.result = result;
  failed.server_name = visitor_.server_name;
  gate_.failHandshake(failed, visitor_.address.ip(), why);
}

void Preamble::close() {
  if (std::exchange(stage_, Stage::kOver) == Stage::kOver) return;
  deadline_.disarm();
  // The stream may be on the stack: it goes with this object, later, and is not heard any more.
  stream_->setReading(false);
  gate_.endPreamble(*this, {Admission::Way::kClosed}, nullptr, {});
}

}  // namespace weir::proxy
