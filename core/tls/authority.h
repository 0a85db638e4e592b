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

// kInvalid describes why the pair cannot issue certificates.
Result<void> checkRoot(const KeyPair& root);

// Issues a certificate signed by `root`, usable by servers and clients. kInvalid describes the
// error in the root or in the request.
Result<KeyPair> issue(const KeyPair& root, const CertificateRequest& request);

// A signing request (RFC 2986) for a key of its own, both in PEM.
struct SigningRequest {
  std::string request;
  std::string key;
};

// A new key, and a request for a certificate with this SPIFFE ID.
SigningRequest makeSigningRequest(const std::string& identity);

// The certificate of a workload that has proved its present identity.
struct Renewal {
  std::string_view identity;  // the only name that the certificate may have
  Nanoseconds not_before{0};  // wall-clock time
  Nanoseconds not_after{0};   // at most: a certificate does not outlive its CA
};

// A chain in PEM for the key of the request, signed by `root`, whose certificate follows unless it
// is self-signed. Fails with kNotFound if the request asks for another name, and with kInvalid if
// it cannot be used for another reason.
Result<std::string> renew(const KeyPair& root, std::string_view request, const Renewal& renewal);

}  // namespace weir::tls
