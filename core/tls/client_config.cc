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
  const ClientSetup& options = clientTermsOf(ssl).options();
  const std::string_view name =
      options.check_server_name ? options.server_name : std::string_view();
  if (options.servers == nullptr) return ssl_verify_ok;
  Verifier::Verdict verdict = options.servers->judge(ssl, Verifier::Peer::kServer, name);
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

bool ClientConfig::sameAs(const ClientConfig& other) const {
  return scope_ == other.scope_ && options_.protocols == other.options_.protocols &&
         options_.check_server_name == other.options_.check_server_name;
}

}  // namespace weir::tls
