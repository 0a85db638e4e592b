#include "core/tls/client_config.h"

#include "core/base/check.h"
#include "core/tls/boringssl.h"
#include "core/tls/refusal.h"
#include "core/tls/tls_stream.h"

namespace weir::tls {
namespace {

const ClientConfig& clientTermsOf(const SSL* ssl) {
  return *static_cast<const ClientConfig*>(ownerOf(SSL_get_SSL_CTX(ssl)));
}

ssl_verify_result_t verifyServer(SSL* ssl, std::uint8_t* alert) {
  const ClientConfig& terms = clientTermsOf(ssl);
  const Verifier* const servers = terms.options().servers.get();
  if (servers == nullptr) return ssl_verify_ok;
  Verifier::Verdict verdict = servers->judge(ssl, Verifier::Peer::kServer, terms.checkedName());
  const bool accepted = verdict.accepted();
  *alert = alertFor(verdict.reason);
  noteVerdict(ssl, std::move(verdict));
  return accepted ? ssl_verify_ok : ssl_verify_invalid;
}

void showOwn(SSL_CTX* context, const Certificate& own) {
  const std::vector<CRYPTO_BUFFER*> chain = chainOf(own);
  const int shown = SSL_CTX_set_chain_and_key(context, chain.data(), chain.size(),
                                              own.parts().key.get(), nullptr);
  // Certificate::faultFor has checked this for every certificate that gets here.
  WEIR_CHECK(shown == 1);
}

// What a peer knows of weir: a node remains itself when its certificate is renewed.
std::string ownNameOf(const ClientSetup& options) {
  if (options.own == nullptr) return {};
  const std::string_view identity = options.own->identity();
  return identity.empty() ? hashOf(options.own->parts().leaf.get()) : std::string(identity);
}

std::string scopeOf(const ClientSetup& options) {
  std::string scope = options.own == nullptr ? "" : hashOf(options.own->parts().leaf.get());
  scope += '/';
  if (options.servers != nullptr) scope += options.servers->fingerprint();
  return scope + '/' + options.server_name;
}

}  // namespace

ClientConfig::ClientConfig(ClientSetup setup)
    : options_(std::move(setup)), scope_(scopeOf(options_)), parts_(std::make_unique<Parts>()) {
  parts_->context = makeContext(this);
  SSL_CTX* context = parts_->context.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_custom_verify(context, SSL_VERIFY_PEER, verifyServer);
  // The requirements may have changed since the session began.
  SSL_CTX_set_reverify_on_resume(context, 1);
  if (options_.own != nullptr) showOwn(context, *options_.own);
  const std::vector<std::uint8_t> protocols = alpnOffer(options_.protocols);
  WEIR_CHECK(SSL_CTX_set_alpn_protos(context, protocols.data(), protocols.size()) == 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION* session) {
    auto* store = static_cast<SessionStore*>(SSL_get_app_data(ssl));
    if (store == nullptr) return 0;
    if (peerUntil(ssl).count() != 0) endSessionAt(session, peerUntil(ssl));
    store->keep(session, clientTermsOf(ssl).scope());
    return 1;
  });
}

ClientConfig::~ClientConfig() = default;

std::shared_ptr<const ClientConfig> ClientConfig::withoutProtocols() const {
  ClientSetup setup = options_;
  setup.protocols.clear();
  return std::make_shared<const ClientConfig>(std::move(setup));
}

Verifier::Verdict ClientConfig::judgeAgain(const net::Security& security) const {
  if (options_.servers == nullptr) return {};
  // A server always sends a certificate: it was not verified.
  if (security.peer == nullptr) {
    return {HandshakeReason::kUntrusted, "the server's certificate was not verified", {}};
  }
  return options_.servers->judgeAgain(*security.peer, Verifier::Peer::kServer, checkedName());
}

std::string_view ClientConfig::checkedName() const {
  if (!options_.check_server_name) return {};
  return options_.server_name;
}

// The part of a scope behind the own certificate.
static std::string_view requirementsOf(std::string_view scope) {
  return scope.substr(scope.find('/'));
}

bool ClientConfig::sameAs(const ClientConfig& other) const {
  return requirementsOf(scope_) == requirementsOf(other.scope_) &&
         ownNameOf(options_) == ownNameOf(other.options_) &&
         options_.protocols == other.options_.protocols &&
         options_.check_server_name == other.options_.check_server_name;
}

}  // namespace weir::tls
