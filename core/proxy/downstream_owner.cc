#include "core/proxy/downstream_owner.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "core/base/log.h"
#include "core/proxy/metrics.h"
#include "core/tls/metrics.h"

namespace weir::proxy {

DownstreamOwner::DownstreamOwner(Engine& engine, std::shared_ptr<const ListenerPlan> plan)
    : engine_(engine), plan_(std::move(plan)), terms_(plan_->serverTerms()) {
  in_flight_ = engine_.metrics().gauge(requestsInFlightKey(id()));
}

void DownstreamOwner::usePlan(std::shared_ptr<const ListenerPlan> plan) {
  plan_ = std::move(plan);
  terms_ = plan_->serverTerms();
}

void DownstreamOwner::countProxyHeader(ProxyProtocolResult result) {
  engine_.metrics().counter(proxyProtocolHeadersKey(id(), result)).add();
}

void DownstreamOwner::countIntercepted(Resolution resolution) {
  const bool inbound = plan().transparent.original == OriginalUse::kRoutes;
  const auto direction = inbound ? InterceptedDirection::kInbound : InterceptedDirection::kOutbound;
  engine_.metrics().counter(interceptedKey(direction, resolution)).add();
}

void DownstreamOwner::countHandshake(const net::Security& security) {
  tls::TlsVersion version = tls::TlsVersion::kNone;
  if (security.version == "TLSv1.2") version = tls::TlsVersion::k12;
  if (security.version == "TLSv1.3") version = tls::TlsVersion::k13;
  const tls::HandshakeLabels labels{security.result, security.reason, version, security.resumed};
  engine_.metrics().counter(tls::handshakesKey(id(), labels)).add();
  countMtls(security);
}

void DownstreamOwner::failHandshake(const net::Security& security, const IpAddress& client,
                                    std::string_view what) {
  countHandshake(security);
  if (security.result == net::Handshake::kClosed) return;
  std::string why(what);
  if (security.detail != nullptr) why += ": " + *security.detail;
  logHandshake(security, client, why);
  std::array<char, IpAddress::kMaxText> room{};
  std::string text = "listener " + std::string(plan_->name) + ": client ";
  text.append(client.formatClient(room)).append(": ").append(why);
  const std::string line = handshake_log_.admit(text, engine_.loop().now());
  if (!line.empty()) log::info(line);
}

// A connection that a rule passes through is plaintext for weir.
bool DownstreamOwner::stillAccepts(const net::Security* security) const {
  if (security == nullptr) return plan_->servesPlaintext() || !plan_->tls_rules.empty();
  return plan_->tls == nullptr || plan_->tls->judgeAgain(*security).accepted();
}

void DownstreamOwner::countRevoked(Reason reason) {
  engine_.metrics().counter(revokedKey(id(), RevokedKind::kConnection, reason)).add();
}

void DownstreamOwner::logHandshake(const net::Security& security, const IpAddress& client,
                                   std::string_view why) {
  if (!engine_.records(Reason::kTlsHandshakeFailed, 0)) return;
  http::ExchangeRecord record;
  record.start = wallClockNow();
  record.transport = http::kTlsTransport;
  record.reason = Reason::kTlsHandshakeFailed;
  record.reason_detail = why;
  record.authority = record.server_name = security.server_name;
  record.tls = true;
  std::array<char, IpAddress::kMaxText> text{};
  record.client_address = client.formatClient(text);
  record.listener = plan_->name;
  engine_.record(record);
}

// Only if client certificates are requested.
void DownstreamOwner::countMtls(const net::Security& security) {
  if (!asksForCertificates()) return;
  auto result = tls::MtlsResult::kOk;
  if (security.result == net::Handshake::kNoPeerCertificate ||
      security.result == net::Handshake::kBadPeerCertificate) {
    result = tls::MtlsResult::kFailed;
  } else if (security.reason == HandshakeReason::kPlainHttp) {
    result = tls::MtlsResult::kRefused;
  } else if (security.peer == nullptr) {
    return;
  }
  const auto name = security.peer == nullptr ? std::nullopt : security.peer->admitted_as;
  const NameId peer = name && *name < plan_->peer_names.size() ? plan_->peer_names[*name] : 0;
  countMtls(peer, result);
}

void DownstreamOwner::countMtls(NameId peer, tls::MtlsResult result) {
  constexpr auto kInbound = tls::Direction::kInbound;
  const tls::Plaintext plaintext = plan_->tls->options().plaintext;
  engine_.metrics().counter(tls::mtlsConnectionsKey(kInbound, peer, result, plaintext)).add();
}

bool DownstreamOwner::asksForCertificates() const {
  return plan_->tls != nullptr && plan_->tls->options().clients != nullptr;
}

void DownstreamOwner::noteClear(const IpAddress& client) {
  if (!asksForCertificates()) return;
  countMtls(0, tls::MtlsResult::kPlaintext);
  if (plan_->tls->options().plaintext != tls::Plaintext::kAudit) return;
  std::array<char, IpAddress::kMaxText> room{};
  std::string text = "listener " + std::string(plan_->name) + ": client ";
  text.append(client.formatClient(room)).append(": plaintext, which mode strict refuses");
  const std::string line = clear_log_.admit(text, engine_.loop().now());
  if (!line.empty()) log::info(line);
}

}  // namespace weir::proxy
