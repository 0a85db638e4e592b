#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

struct ssl_st;

namespace weir::tls {

// Whom a peer's certificate must come from. Immutable; shared by all workers.
class Verifier {
 public:
  struct Options {
    bool system_roots = false;
    std::string roots;        // PEM
    std::string revocations;  // PEM, a CRL of every issuer; empty: not checked
  };
  // kInvalid says what is wrong with the texts.
  static Result<std::shared_ptr<const Verifier>> make(const Options& options);
  struct Parts;
  explicit Verifier(std::unique_ptr<Parts> parts);
  ~Verifier();

  enum class Peer { kClient, kServer };
  // Whether the certificates that the peer of this handshake showed lead to a root, are in date,
  // not revoked, and meant for such a peer; and hold for `name`, a host or an IP address, unless
  // it is empty.
  bool accepts(const ssl_st* ssl, Peer peer, std::string_view name) const;

  // The names of the roots, which a server tells its clients; lives as long as this object.
  const Parts& parts() const { return *parts_; }

 private:
  const std::unique_ptr<Parts> parts_;
};

}  // namespace weir::tls
