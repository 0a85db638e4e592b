#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/tls/certificate.h"

namespace weir::tls {

// The certificates of a listener, selected by the server name that a client requests. Immutable.
class CertificateSet {
 public:
  // The certificates for one name: clients differ in the signatures that they can verify.
  struct Choice {
    const Certificate* ecdsa = nullptr;  // or Ed25519
    const Certificate* rsa = nullptr;
    bool empty() const { return ecdsa == nullptr && rsa == nullptr; }
    friend bool operator==(const Choice&, const Choice&) = default;
  };

  // The first certificate is for clients that send no server name, and for unknown names unless
  // these are refused. Of two for the same name and kind of key the first one is used.
  explicit CertificateSet(std::vector<std::shared_ptr<const Certificate>> certificates);

  // By exact name, then by "*." in place of its first label (RFC 6125, 6.4.3); empty if not found.
  Choice find(std::string_view name) const;  // in lower case
  bool holdsRsa() const;
  Choice fallback() const { return fallback_; }
  const std::vector<std::shared_ptr<const Certificate>>& all() const { return certificates_; }

 private:
  static void add(Choice& choice, const Certificate& certificate);

  std::vector<std::shared_ptr<const Certificate>> certificates_;
  std::map<std::string, Choice, std::less<>> names_;
  Choice fallback_;
};

}  // namespace weir::tls
