#include <array>
#include <string>
#include <string_view>

#include "core/authz/judge.h"
#include "core/http/facts.h"
#include "core/proxy/tunnel.h"

// The policies about a tunnel's connection.
namespace weir::proxy {
namespace {

std::unique_ptr<const std::string> noted(std::string_view text) {
  return text.empty() ? nullptr : std::make_unique<const std::string>(text);
}

}  // namespace

// What is known from the beginning, without the client's address.
http::ExchangeRecord Tunnel::describe() const {
  http::ExchangeRecord record;
  record.transport = http::kTcpTransport;
  record.authority = facts_.server_name;
  record.listener = listener_.plan().name;
  record.server_port = listener_.portOf(facts_);
  const net::Security* const security = client_.stream()->security();
  if (security == nullptr || security->peer == nullptr) return record;
  record.client_identity = security->peer->identity;
  record.client_certificate = security->peer->hash;
  record.client_subject = security->peer->shortName();
  return record;
}

template <typename Use>
bool Tunnel::judge(Use use) {
  const authz::PolicySet* const policies = listener_.plan().authorize.get();
  if (policies == nullptr) return false;
  Arena arena(engine().loop().scratch());
  http::ExchangeRecord record = describe();
  std::array<char, IpAddress::kMaxText> text{};
  record.client_address = facts_.address.ip().formatClient(text);
  record.start = wallClockNow();
  const http::ExchangeFacts facts(record);
  const authz::Question question(authz::Subject::kBytes, record, facts, arena);
  const authz::Decision decision = policies->judge().judge(question);
  use(policies->judge(), decision, arena);
  return decision.denied();
}

bool Tunnel::isDenied() {
  return judge([](const authz::Judge&, const authz::Decision&, Arena&) {});
}

// Counts the decision, and notes it for the log.
bool Tunnel::admit() {
  return !judge([this](const authz::Judge& judge, const authz::Decision& decision, Arena& arena) {
    judge.count(decision, engine().metrics());
    if (decision.denied())
      denial_ = noted(authz::describe(decision.enforced, authz::Subject::kBytes, arena));
    shadow_ = noted(judge.shadowText(decision, arena));
  });
}

// False if the endpoint's certificate does not meet requirements that have changed.
bool Tunnel::stillTrustsServer() const {
  if (!connected_ || server_scope_ == nullptr || server_.stream() == nullptr) return true;
  const tls::ClientConfig* const tls = tries_.cluster()->plan().tls.get();
  const net::Security* const security = server_.stream()->security();
  if (tls == nullptr || security == nullptr || tls->scope() == *server_scope_) return true;
  return tls->judgeAgain(*security).accepted();
}

void Tunnel::judgeAgain(Recheck& recheck) {
  if (stage_ == Stage::kHandshake || stage_ == Stage::kClosed) return;
  Reason reason = Reason::kNone;
  const bool revoked =
      (recheck.certificates && !listener_.stillAccepts(client_.stream()->security())) ||
      (recheck.upstreams && !stillTrustsServer());
  if (revoked) {
    reason = Reason::kIdentityRevoked;
  } else if (recheck.policies && stage_ >= Stage::kConnecting && isDenied()) {
    admit();  // counts and notes it
    reason = Reason::kAuthzDenied;
  }
  if (reason == Reason::kNone) return;
  ++recheck.connections;
  listener_.countRevoked(reason);
  finish(reason);
}

}  // namespace weir::proxy
