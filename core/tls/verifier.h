#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/handshake_reason.h"
#include "core/base/result.h"
#include "core/tls/san_matcher.h"

struct ssl_st;

namespace weir::tls {

// Whom a peer's certificate must come from. Immutable; shared by all workers.
class Verifier {
 public:
  struct Options {
    bool system_roots = false;
    std::string roots = {};                // PEM
    std::string revocations = {};          // PEM, a CRL of every issuer; empty: not checked
    SanMatcher names = {};                 // the peer has one of them; empty: any
    std::vector<std::string> hashes = {};  // SHA-256 of its certificate, in hexadecimal; empty: any
  };
  // kInvalid says what is wrong with the texts.
  static Result<std::shared_ptr<const Verifier>> make(const Options& options);
  struct Parts;
  Verifier(std::unique_ptr<Parts> parts, const Options& options);
  ~Verifier();

  enum class Peer { kClient, kServer };
  struct Verdict {
    HandshakeReason reason = HandshakeReason::kNone;  // kNone: accepted
    std::string
        detail;  // of a refusal: who the peer is, what was wanted, what was found; printable
    Nanoseconds until{0};  // of an acceptance, on the wall clock: the first end of a certificate
    bool accepted() const { return reason == HandshakeReason::kNone; }
  };
  // Whether the certificates that the peer of this handshake showed lead to a root, are in date,
  // not revoked, strong enough and meant for such a peer; have names that are well formed; and hold
  // for `name`, a host or an IP address, unless it is empty.
  Verdict judge(const ssl_st* ssl, Peer peer, std::string_view name) const;

  // What is asked of peers beyond a root.
  const SanMatcher& names() const { return names_; }
  // A digest of all that is asked: a session of other demands must not be resumed.
  const std::string& fingerprint() const { return fingerprint_; }

  // The names of the roots, which a server tells its clients; lives as long as this object.
  const Parts& parts() const { return *parts_; }

 private:
  Verdict judgeNames(const x509_st* leaf) const;

  const std::unique_ptr<Parts> parts_;
  const SanMatcher names_;
  const std::vector<std::string> hashes_;
  const std::string fingerprint_;
};

}  // namespace weir::tls
