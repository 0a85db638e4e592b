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

// What a certificate is to say.
struct CertificateRequest {
  std::string name;                    // of the subject, for people
  std::vector<std::string> dns_names;  // wildcards as "*.example.com"
  std::vector<std::string> addresses;  // IP addresses
  std::string identity;                // "spiffe://example.org/ns/shop/sa/cart"; may be empty
  Certificate::KeyType key_type = Certificate::KeyType::kEcdsa;  // P-256, or RSA with 2048 bits
  Nanoseconds not_before{0};                                     // of the wall clock
  Nanoseconds not_after{0};
};

inline constexpr std::size_t kMaxSubject = 64;  // bytes of a name (RFC 5280, A.1)

// A root of trust of one's own: enough to try TLS and the mesh, and for a small fleet. kInvalid
// says what is wrong with its name or its dates.
Result<KeyPair> makeRoot(const std::string& name, Nanoseconds not_before, Nanoseconds not_after);

// A certificate that `root` vouches for, usable by servers and clients. kInvalid says what is
// wrong with the root or with what is asked for.
Result<KeyPair> issue(const KeyPair& root, const CertificateRequest& request);

}  // namespace weir::tls
