#include "core/tls/server_config.h"

#include <algorithm>
#include <array>
#include <openssl/bytestring.h>
#include <openssl/err.h>

#include "core/base/check.h"
#include "core/base/lower_case.h"
#include "core/base/plain_text.h"
#include "core/tls/async_signer.h"
#include "core/tls/boringssl.h"
#include "core/tls/digest.h"
#include "core/tls/refusal.h"

namespace weir::tls {
namespace {

const ServerConfig& serverTermsOf(const SSL* ssl) {
  return *static_cast<const ServerConfig*>(ownerOf(SSL_get_SSL_CTX(ssl)));
}

bool extension(const SSL_CLIENT_HELLO* hello, std::uint16_t type, CBS* out) {
  const std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
  if (SSL_early_callback_ctx_extension_get(hello, type, &bytes, &size) != 1) return false;
  CBS_init(out, bytes, size);
  return true;
}

template <std::size_t kCount>
bool holdsOneOf(CBS list, const std::array<std::uint16_t, kCount>& wanted) {
  std::uint16_t each = 0;
  while (CBS_get_u16(&list, &each) == 1) {
    if (std::find(wanted.begin(), wanted.end(), each) != wanted.end()) return true;
  }
  return false;
}

bool speaksTls13(const SSL_CLIENT_HELLO* hello) {
  CBS extension_body;
  CBS versions;
  constexpr std::array<std::uint16_t, 1> kTls13 = {TLS1_3_VERSION};
  return extension(hello, TLSEXT_TYPE_supported_versions, &extension_body) &&
         CBS_get_u8_length_prefixed(&extension_body, &versions) == 1 &&
         holdsOneOf(versions, kTls13);
}

// Whether the client can verify an ECDSA or Ed25519 signature (RFC 8446, 4.2.3; before TLS 1.3 the
// cipher suites must allow it as well).
bool checksEcdsa(const SSL_CLIENT_HELLO* hello) {
  constexpr std::array<std::uint16_t, 4> kSignatures = {0x0403, 0x0503, 0x0603, 0x0807};
  constexpr std::array<std::uint16_t, 7> kSuites = {0xC02B, 0xC02C, 0xCCA9, 0xC009,
                                                    0xC00A, 0xC023, 0xC024};
  CBS extension_body;
  CBS signatures;
  const bool named = extension(hello, TLSEXT_TYPE_signature_algorithms, &extension_body) &&
                     CBS_get_u16_length_prefixed(&extension_body, &signatures) == 1;
  if (named && !holdsOneOf(signatures, kSignatures)) return false;
  CBS suites;
  CBS_init(&suites, hello->cipher_suites, hello->cipher_suites_len);
  return speaksTls13(hello) || holdsOneOf(suites, kSuites);
}

CertificateSet::Choice choiceFor(const ServerConfig& context, const SSL* ssl) {
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  std::string name = lowerCase(asked == nullptr ? "" : asked);
  if (name.ends_with('.')) name.pop_back();
  if (!name.empty() && !isVisibleAscii(name)) return {};  // invalid name, to be refused
  const auto found = context.certificates().find(name);
  if (!found.empty() || context.options().refusesUnknownNames()) return found;
  return context.certificates().fallback();
}

void showStaple(SSL* ssl, const ServerConfig& context, const Certificate& certificate) {
  const auto found = context.options().staples.find(&certificate);
  if (found == context.options().staples.end()) return;
  const OcspStaple& staple = found->second;
  if (!staple.validAt(wallClockNow())) return;
  SSL_set_ocsp_response(ssl, reinterpret_cast<const std::uint8_t*>(staple.der.data()),
                        staple.der.size());
}

// If signatures may be slow, there is a signer.
bool show(SSL* ssl, const Certificate& certificate) {
  const std::vector<CRYPTO_BUFFER*> chain = chainOf(certificate);
  auto* signer = static_cast<AsyncSigner*>(SSL_get_app_data(ssl));
  EVP_PKEY* key = certificate.parts().key.get();
  if (signer == nullptr || certificate.keyType() != Certificate::KeyType::kRsa) {
    return SSL_set_chain_and_key(ssl, chain.data(), chain.size(), key, nullptr) == 1;
  }
  signer->use(key);
  return SSL_set_chain_and_key(ssl, chain.data(), chain.size(), nullptr, &AsyncSigner::method()) ==
         1;
}

ssl_select_cert_result_t selectCertificate(const SSL_CLIENT_HELLO* hello) {
  const ServerConfig& context = serverTermsOf(hello->ssl);
  const CertificateSet::Choice choice = choiceFor(context, hello->ssl);
  if (choice.empty()) return ssl_select_cert_success;  // checkName refuses it with the right alert
  const bool ecdsa = choice.rsa == nullptr || (choice.ecdsa != nullptr && checksEcdsa(hello));
  const Certificate& chosen = ecdsa ? *choice.ecdsa : *choice.rsa;
  showStaple(hello->ssl, context, chosen);
  return show(hello->ssl, chosen) ? ssl_select_cert_success : ssl_select_cert_error;
}

// Without an identity nothing is agreed on, not even with clients that present none.
bool lacksIdentity(const ServerConfig& context) {
  if (!context.options().workload_identity) return false;
  const auto& own = context.certificates().all();
  return own.empty() || own.front()->notAfter() <= wallClockNow();
}

int checkName(SSL* ssl, int* alert, void*) {
  if (lacksIdentity(serverTermsOf(ssl))) {
    noteVerdict(ssl, {HandshakeReason::kNoIdentity, "this node has no valid SPIFFE identity", {}});
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  if (!choiceFor(serverTermsOf(ssl), ssl).empty()) return SSL_TLSEXT_ERR_OK;
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// NOLINTNEXTLINE(readability-function-size): the signature is BoringSSL's
int selectProtocol(SSL*, const std::uint8_t** out, std::uint8_t* out_size,
                   const std::uint8_t* offered, unsigned offered_size, void* argument) {
  const auto& context = *static_cast<const ServerConfig*>(argument);
  for (const std::string& ours : context.options().protocols) {
    CBS list;
    CBS each;
    CBS_init(&list, offered, offered_size);
    while (CBS_get_u8_length_prefixed(&list, &each) == 1) {
      if (CBS_len(&each) != ours.size() || !std::equal(ours.begin(), ours.end(), CBS_data(&each))) {
        continue;
      }
      *out = CBS_data(&each);
      *out_size = static_cast<std::uint8_t>(CBS_len(&each));
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301, 3.2
}

// NOLINTNEXTLINE(readability-function-size): the signature is BoringSSL's
int onTicket(SSL* ssl, std::uint8_t* name, std::uint8_t* iv, EVP_CIPHER_CTX* cipher, HMAC_CTX* mac,
             int seal) {
  const TicketKeys& keys = serverTermsOf(ssl).tickets();
  return seal != 0 ? keys.seal(name, iv, cipher, mac) : keys.open(name, iv, cipher, mac);
}

ssl_verify_result_t verifyClient(SSL* ssl, std::uint8_t* alert) {
  const Verifier& clients = *serverTermsOf(ssl).options().clients;
  Verifier::Verdict verdict = clients.judge(ssl, Verifier::Peer::kClient, {});
  const bool accepted = verdict.accepted();
  if (accepted) endSessionAt(SSL_get_session(ssl), verdict.until);
  *alert = alertFor(verdict.reason);
  noteVerdict(ssl, std::move(verdict));
  return accepted ? ssl_verify_ok : ssl_verify_invalid;
}

// A session records that its client was verified, which is not repeated: it may only be resumed
// under the same requirements on clients, whatever was configured in between.
std::string sessionScopeOf(const ServerSetup& options) {
  return options.clients == nullptr ? "weir" : options.clients->fingerprint();
}

// What a client resumes is also the server's identity: a session ends with its certificate.
std::string sessionContextOf(const ServerSetup& options, const CertificateSet& certificates) {
  std::string all = sessionScopeOf(options);
  const auto named = [](const CertificateFiles& each) { return each.node; };
  const bool node = options.workload_identity ||
                    std::any_of(options.certificates.begin(), options.certificates.end(), named);
  if (!node) return all;
  for (const auto& each : certificates.all()) all += hashOf(each->parts().leaf.get());
  return sha256(asBytes(all));
}

// Every part is delimited, so that different sets have different texts.
std::string scopeOf(const ServerSetup& options, const CertificateSet& certificates) {
  std::string all = sessionScopeOf(options);
  all += static_cast<char>('0' + static_cast<int>(options.client_certificate));
  all += static_cast<char>('0' + static_cast<int>(options.min_version));
  all += static_cast<char>('0' + static_cast<int>(options.max_version));
  all += options.refusesUnknownNames() ? '1' : '0';
  for (const auto& each : certificates.all()) {
    all += '\n';
    all += each->identity();
    for (const std::string& name : each->names()) all += '\0' + name;
  }
  return sha256(asBytes(all));
}

std::uint16_t numberOf(Version version) {
  return version == Version::k12 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

void askForClientCertificate(SSL_CTX* context, const ServerSetup& options) {
  int mode = SSL_VERIFY_PEER;
  if (options.client_certificate == ClientCertificate::kRequired) {
    mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  SSL_CTX_set_custom_verify(context, mode, verifyClient);
  bssl::UniquePtr<STACK_OF(CRYPTO_BUFFER)> names(sk_CRYPTO_BUFFER_new_null());
  for (const auto& name : options.clients->parts().names) {
    bssl::PushToStack(names.get(), bssl::UpRef(name));
  }
  SSL_CTX_set0_client_CAs(context, names.release());
}

}  // namespace

ServerConfig::ServerConfig(ServerSetup setup, CertificateSet certificates,
                           std::shared_ptr<const TicketKeys> tickets)
    : options_(std::move(setup)),
      certificates_(std::move(certificates)),
      scope_(scopeOf(options_, certificates_)),
      tickets_(std::move(tickets)),
      parts_(std::make_unique<Parts>()) {
  WEIR_CHECK(options_.workload_identity || !certificates_.all().empty());
  parts_->context = makeContext(this);
  SSL_CTX* context = parts_->context.get();
  SSL_CTX_set_min_proto_version(context, numberOf(options_.min_version));
  SSL_CTX_set_max_proto_version(context, numberOf(options_.max_version));
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Tickets hold the sessions: there is no cache, and no lock shared by the workers.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_tlsext_ticket_key_cb(context, onTicket);
  SSL_CTX_set_num_tickets(context, 1);
  const std::string scope = sessionContextOf(options_, certificates_);
  WEIR_CHECK(SSL_CTX_set_session_id_context(
                 context, reinterpret_cast<const std::uint8_t*>(scope.data()), scope.size()) == 1);
  SSL_CTX_set_select_certificate_cb(context, selectCertificate);
  SSL_CTX_set_tlsext_servername_callback(context, checkName);
  SSL_CTX_set_early_data_enabled(context, options_.early_data ? 1 : 0);
  if (!options_.protocols.empty()) SSL_CTX_set_alpn_select_cb(context, selectProtocol, this);
  if (options_.client_certificate != ClientCertificate::kNone) {
    askForClientCertificate(context, options_);
  }
}

ServerConfig::~ServerConfig() = default;

Verifier::Verdict ServerConfig::judgeAgain(const net::Security& security) const {
  if (options_.clients == nullptr) return {};
  if (security.peer != nullptr) {
    return options_.clients->judgeAgain(*security.peer, Verifier::Peer::kClient, {});
  }
  if (options_.client_certificate != ClientCertificate::kRequired) return {};
  return {HandshakeReason::kUntrusted, "the client sent no certificate", {}};
}

}  // namespace weir::tls
