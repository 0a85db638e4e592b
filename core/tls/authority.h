#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/tls/certificate.h"

namespace weir::tls {

// A certificate and its private key, both in PEM.
struct KeyPair {
  std::string certificate;
  std::string key;
};

// The content of a certificate to be issued.
struct CertificateRequest {
  std::string name;                    // of the subject, for human readers
  std::vector<std::string> dns_names;  // wildcards as "*.example.com"
  std::vector<std::string> addresses;  // IP addresses
  std::string identity;                // "spiffe://example.org/ns/shop/sa/cart"; may be empty
  Certificate::KeyType key_type = Certificate::KeyType::kEcdsa;  // P-256, or RSA with 2048 bits
  Nanoseconds not_before{0};                                     // wall-clock time
  Nanoseconds not_after{0};
};

inline constexpr std::size_t kMaxSubject = 64;  // bytes of a name (RFC 5280, A.1)

// Makes a private root certificate: enough to try TLS and the mesh, and for a small fleet. kInvalid
// describes the error in its name or its dates.
Result<KeyPair> makeRoot(const std::string& name, Nanoseconds not_before, Nanoseconds not_after);

// Issues a certificate signed by `root`, usable by servers and clients. kInvalid describes the
// error in the root or in the request.
Result<KeyPair> issue(const KeyPair& root, const CertificateRequest& request);

}  // namespace weir::tls
