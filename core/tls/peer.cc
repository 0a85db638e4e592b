#include "core/tls/peer.h"

#include <algorithm>
#include <openssl/err.h>
#include <utility>

#include "core/tls/boringssl.h"

namespace weir::tls {

std::unique_ptr<const net::PeerCertificate> peerOf(const ssl_st* ssl, const Verifier& verifier,
                                                   Nanoseconds until) {
  auto chain = std::make_unique<KeptChain>();
  chain->certificates = shownBy(ssl);
  if (chain->certificates.empty()) return nullptr;
  const bssl::UniquePtr<X509> leaf(X509_parse_from_buffer(chain->certificates.front().get()));
  if (leaf == nullptr) return nullptr;
  Names names = namesOf(leaf.get());
  auto peer = std::make_unique<net::PeerCertificate>();
  peer->admitted_as = verifier.names().match(names);
  peer->identity = names.identity();
  peer->names = std::move(names.dns);
  peer->subject = textOf(X509_get_subject_name(leaf.get()));
  peer->hash = hashOf(leaf.get());
  peer->not_after = timeOf(X509_get0_notAfter(leaf.get()));
  peer->chain = std::move(chain);
  if (until.count() != 0) peer->not_after = std::min(peer->not_after, until);
  ERR_clear_error();
  return peer;
}

}  // namespace weir::tls
