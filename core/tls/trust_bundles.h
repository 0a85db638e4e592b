#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace weir::tls {

// The CA certificates of several trust domains, and revocation lists of their issuers. Immutable;
// shared by verifiers.
class TrustBundles {
 public:
  // By trust domain, such as "example.org": its CA certificates in DER, one after the other. A
  // domain without certificates trusts nobody.
  using Roots = std::map<std::string, std::string, std::less<>>;

  // `revocations`: lists in DER. Unlike with Verifier::Options, an issuer needs no list.
  // kInvalid describes what cannot be read.
  static Result<std::shared_ptr<const TrustBundles>> make(
      const Roots& roots, const std::vector<std::string>& revocations);
  static std::shared_ptr<const TrustBundles> none();

  struct Parts;
  explicit TrustBundles(std::unique_ptr<Parts> parts);
  ~TrustBundles();

  bool empty() const;
  std::vector<std::string> domains() const;
  const std::string& fingerprint() const;  // a digest of all of it
  const Parts& parts() const { return *parts_; }

 private:
  const std::unique_ptr<Parts> parts_;
};

}  // namespace weir::tls
