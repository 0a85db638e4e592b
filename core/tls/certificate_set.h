#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/tls/certificate.h"

namespace weir::tls {

// The certificates of a listener, found by the name that a client asks for. Immutable.
class CertificateSet {
 public:
  // One name's certificates: clients differ in what they can check.
  struct Choice {
    const Certificate* ecdsa = nullptr;  // or Ed25519
    const Certificate* rsa = nullptr;
    bool empty() const { return ecdsa == nullptr && rsa == nullptr; }
    friend bool operator==(const Choice&, const Choice&) = default;
  };

  // The first one is for clients that name nobody, and for unknown names unless refused. Of two
  // for the same name and kind of key the first one counts.
  explicit CertificateSet(std::vector<std::shared_ptr<const Certificate>> certificates);

  // By exact name, then by "*." in place of its first label (RFC 6125, 6.4.3); empty for none.
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
