#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/handshake_reason.h"
#include "core/base/result.h"
#include "core/net/security.h"
#include "core/tls/san_matcher.h"
#include "core/tls/trust_bundles.h"

struct ssl_st;
struct stack_st_X509;
struct x509_store_st;

namespace weir::tls {

// The requirements on a peer's certificate. Immutable; shared by all workers.
class Verifier {
 public:
  struct Options {
    bool system_roots = false;
    std::string roots = {};        // PEM
    std::string revocations = {};  // PEM, a CRL of every issuer; empty: not checked
    // If set, the peer must be an X509-SVID, which the bundle of its own trust domain verifies,
    // and nothing above applies.
    std::shared_ptr<const TrustBundles> bundles = {};
    SanMatcher names = {};                 // the peer must have one of them; empty: any
    std::vector<std::string> hashes = {};  // SHA-256 of its certificate, in hexadecimal; empty: any
  };
  // kInvalid describes the error in the PEM texts.
  static Result<std::shared_ptr<const Verifier>> make(const Options& options);
  struct Parts;
  Verifier(std::unique_ptr<Parts> parts, const Options& options);
  ~Verifier();

  enum class Peer { kClient, kServer };
  struct Verdict {
    HandshakeReason reason = HandshakeReason::kNone;  // kNone: accepted
    std::string detail;    // of a refusal: the peer, the requirement and what was found; printable
    Nanoseconds until{0};  // of an acceptance, wall clock: when the first certificate expires
    bool accepted() const { return reason == HandshakeReason::kNone; }
  };
  // Whether the certificates that the peer sent in this handshake lead to a root; are in date, not
  // revoked, strong enough and meant for such a peer; have well-formed names; and are valid for
  // `name`, a host or an IP address, unless it is empty.
  Verdict judge(const ssl_st* ssl, Peer peer, std::string_view name) const;
  // The same for a peer of an earlier handshake, made under these requirements or others.
  Verdict judgeAgain(const net::PeerCertificate& shown, Peer peer, std::string_view name) const;

  // Names that peers must have, beyond a trusted root.
  const SanMatcher& names() const { return names_; }
  // A digest of all requirements: a session must not be resumed under others.
  const std::string& fingerprint() const { return fingerprint_; }

  // The names of the roots, which a server sends to its clients; lives as long as this object.
  const Parts& parts() const { return *parts_; }

 private:
  Verdict judgeChain(stack_st_X509* chain, Peer peer, std::string_view name) const;
  // The store that verifies this certificate; null, with the reason in `why`, if there is none.
  x509_store_st* storeFor(const x509_st* leaf, Verdict& why) const;
  Verdict judgeNames(const x509_st* leaf) const;

  const std::unique_ptr<Parts> parts_;
  const std::shared_ptr<const TrustBundles> bundles_;
  const SanMatcher names_;
  const std::vector<std::string> hashes_;
  const std::string fingerprint_;
};

}  // namespace weir::tls
