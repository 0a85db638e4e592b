#include "core/tls/peer.h"

#include <algorithm>
#include <openssl/err.h>
#include <utility>

#include "core/tls/boringssl.h"

namespace weir::tls {

std::unique_ptr<const net::PeerCertificate> peerOf(const ssl_st* ssl, const Verifier& verifier,
                                                   Nanoseconds until) {
  const STACK_OF(CRYPTO_BUFFER)* shown = SSL_get0_peer_certificates(ssl);
  if (shown == nullptr || sk_CRYPTO_BUFFER_num(shown) == 0) return nullptr;
  const bssl::UniquePtr<X509> leaf(X509_parse_from_buffer(sk_CRYPTO_BUFFER_value(shown, 0)));
  if (leaf == nullptr) return nullptr;
  Names names = namesOf(leaf.get());
  auto peer = std::make_unique<net::PeerCertificate>();
  peer->admitted_as = verifier.names().match(names);
  peer->identity = names.identity();
  peer->names = std::move(names.dns);
  peer->subject = textOf(X509_get_subject_name(leaf.get()));
  peer->hash = hashOf(leaf.get());
  peer->not_after = timeOf(X509_get0_notAfter(leaf.get()));
  if (until.count() != 0) peer->not_after = std::min(peer->not_after, until);
  ERR_clear_error();
  return peer;
}

}  // namespace weir::tls
