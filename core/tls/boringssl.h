#pragma once

// Definitions with BoringSSL's types that the sources of this folder share; included by no header.

#include <functional>
#include <map>
#include <memory>
#include <openssl/asn1.h>
#include <openssl/base.h>
#include <openssl/bio.h>
#include <openssl/pool.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/net/security.h"
#include "core/tls/certificate.h"
#include "core/tls/client_config.h"
#include "core/tls/server_config.h"
#include "core/tls/trust_bundles.h"
#include "core/tls/verifier.h"

namespace weir::tls {

struct Certificate::Parts {
  std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> chain;
  bssl::UniquePtr<EVP_PKEY> key;  // null if the certificate is only described
  bssl::UniquePtr<EVP_PKEY> public_key;
  bssl::UniquePtr<X509> leaf;
};

struct Verifier::Parts {
  bssl::UniquePtr<X509_STORE> store;
  std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> names;  // of the roots
  bool revocations = false;
};

struct TrustBundles::Parts {
  std::map<std::string, bssl::UniquePtr<X509_STORE>, std::less<>> stores;  // by trust domain
  bool revocations = false;
  std::string digest;
};

struct ServerConfig::Parts {
  bssl::UniquePtr<SSL_CTX> context;
};

struct ClientConfig::Parts {
  bssl::UniquePtr<SSL_CTX> context;
};

// The certificates that a peer sent, its own first.
struct KeptChain final : net::PeerChain {
  std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> certificates;
};

// The certificates of a PEM text in order; empty if one of them is malformed.
std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> readChain(std::string_view pem);
// The same for certificates in DER, one after the other.
std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> readDerChain(std::string_view der);

std::vector<CRYPTO_BUFFER*> chainOf(const Certificate& certificate);

// A password callback that refuses encrypted keys: weir runs unattended.
int noPassword(char*, int, int, void*);

// A context with the ciphers and groups used on both sides. Its callbacks find `owner` by
// ownerOf().
bssl::UniquePtr<SSL_CTX> makeContext(const void* owner);
const void* ownerOf(const SSL_CTX* context);

bool isIpAddress(const std::string& name);

Nanoseconds timeOf(const ASN1_TIME* time);  // 0 if it cannot be determined

// The certificates that the peer sent in this session, its own first; empty if it sent none.
std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> shownBy(const SSL* ssl);
// The parsed form; null if there are none, or if one of them is malformed.
bssl::UniquePtr<STACK_OF(X509)> parsedChain(
    const std::vector<bssl::UniquePtr<CRYPTO_BUFFER>>& chain);

// Stores the result of verifying the peer's certificates in the stream of this handshake.
void noteVerdict(const SSL* ssl, Verifier::Verdict verdict);
// When the first certificate of the peer's chain expires, wall clock; 0: it was not verified.
Nanoseconds peerUntil(const SSL* ssl);
// A session is resumed without a new certificate of the peer: it ends when the first one of the
// chain expires, however often it is renewed.
void endSessionAt(SSL_SESSION* session, Nanoseconds certificate);

// Protocols in ALPN's wire format (RFC 7301, 3.1).
std::vector<std::uint8_t> alpnOffer(const std::vector<std::string>& protocols);

// Discards BoringSSL's error: `detail` describes it in weir's words.
Error invalid(std::string_view detail);

inline std::string textOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// A BIO over memory that must outlive it.
inline bssl::UniquePtr<BIO> bioOver(std::string_view text) {
  return bssl::UniquePtr<BIO>(BIO_new_mem_buf(text.data(), static_cast<ossl_ssize_t>(text.size())));
}

}  // namespace weir::tls
