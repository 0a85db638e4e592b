#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct X509_name_st;
struct x509_st;

namespace weir::tls {

// The subject alternative names of a certificate (RFC 5280, 4.2.1.6).
struct Names {
  std::vector<std::string> dns;        // in lower case; wildcards as written, "*.example.com"
  std::vector<std::string> addresses;  // IP addresses
  std::vector<std::string> uris;

  // The one URI, as in a SPIFFE identity (X509-SVID, 2); empty if there are none or several.
  std::string_view identity() const { return uris.size() == 1 ? uris.front() : std::string_view(); }
  // Whether one of the URIs claims to be a SPIFFE ID: the certificate is an X509-SVID.
  bool claimsSpiffeId() const;
};

// Whether this may be a certificate's DNS name (RFC 1035, 2.3.1, and "_"), with or without "*.".
bool isDnsName(std::string_view name);

// What is wrong with the names of a peer's certificate; empty if nothing is. They must be visible
// ASCII, as RFC 5280, 4.2.1.6 requires, and fit for a header. Those of an X509-SVID must also
// follow its standard: one URI, which is a valid SPIFFE ID.
std::string_view faultOf(const Names& names);

Names namesOf(const x509_st* certificate);
// From the extension itself, in DER; none if it is malformed.
Names namesIn(std::string_view extension);
// SHA-256 of the whole certificate, in hexadecimal.
std::string hashOf(const x509_st* certificate);
// "CN=example.com,O=Example" (RFC 4514).
std::string textOf(const X509_name_st* name);

// Accepted names, at least one of which a peer must have.
//
//   spiffe://example.org/ns/shop/sa/cart   exactly this URI
//   spiffe://example.org/ns/shop/*         every URI below it
//   cart.example.org, *.example.org        a DNS name; the star is one label
class SanMatcher {
 public:
  SanMatcher() = default;
  explicit SanMatcher(std::vector<std::string> patterns);

  bool empty() const { return patterns_.empty(); }
  const std::vector<std::string>& patterns() const { return patterns_; }
  // The index of the first pattern that matches one of `names`.
  std::optional<std::size_t> match(const Names& names) const;

 private:
  std::vector<std::string> patterns_;
};

// What is wrong with a pattern; empty if nothing is.
std::string_view faultOfPattern(std::string_view pattern);

}  // namespace weir::tls
