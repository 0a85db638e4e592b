#include "core/tls/san_matcher.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "core/base/lower_case.h"
#include "core/base/plain_text.h"
#include "core/tls/boringssl.h"
#include "core/tls/digest.h"
#include "core/tls/spiffe_id.h"

namespace weir::tls {
namespace {

// Empty unless it is an address of 4 or 16 bytes.
std::string addressOf(const ASN1_STRING* bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(bytes) != 16) return {};
  return inet_ntop(family, ASN1_STRING_get0_data(bytes), text, sizeof text);
}

bool isLabelByte(char c) {
  const char low = lowerCase(c);
  return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool isUri(std::string_view pattern) { return pattern.find("://") != std::string_view::npos; }

bool matchesUri(std::string_view pattern, std::string_view uri) {
  if (!pattern.ends_with("/*")) return uri == pattern;
  pattern.remove_suffix(1);
  return uri.size() > pattern.size() && uri.starts_with(pattern);
}

// A wildcard in the certificate itself is not expanded: no client has such a name.
bool matchesDns(std::string_view pattern, std::string_view name) {
  if (!pattern.starts_with("*.")) return name == pattern;
  const std::size_t dot = name.find('.');
  return dot != std::string_view::npos && dot > 0 && name.substr(dot) == pattern.substr(1);
}

// "spiffe://example.org/*" matches every path, "spiffe://example.org/ns/*" those below it.
std::string_view faultOfSpiffePattern(std::string_view pattern) {
  if (!pattern.ends_with("/*")) return faultOfSpiffeId(pattern);
  return faultOfSpiffeId(std::string(pattern.substr(0, pattern.size() - 1)) + "x");
}

Names namesAmong(const GENERAL_NAMES* all) {
  Names names;
  for (std::size_t i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
    if (name->type == GEN_DNS) names.dns.push_back(lowerCase(textOf(name->d.dNSName)));
    if (name->type == GEN_IPADD) {
      std::string address = addressOf(name->d.iPAddress);
      if (!address.empty()) names.addresses.push_back(std::move(address));
    }
    if (name->type == GEN_URI) names.uris.push_back(textOf(name->d.uniformResourceIdentifier));
  }
  return names;
}

}  // namespace

bool isDnsName(std::string_view name) {
  constexpr std::size_t kMaxDnsName = 253;
  constexpr std::size_t kMaxLabel = 63;
  if (name.size() > kMaxDnsName) return false;
  if (name.starts_with("*.")) name.remove_prefix(2);
  while (true) {
    const std::string_view label = name.substr(0, name.find('.'));
    const bool good = !label.empty() && label.size() <= kMaxLabel && label.front() != '-' &&
                      label.back() != '-' && std::all_of(label.begin(), label.end(), isLabelByte);
    if (!good || label.size() == name.size()) return good;
    name.remove_prefix(label.size() + 1);
  }
}

bool Names::claimsSpiffeId() const {
  return std::any_of(uris.begin(), uris.end(),
                     [](const auto& uri) { return hasSpiffeScheme(uri); });
}

std::string_view faultOf(const Names& names) {
  const auto plain = [](const std::string& name) { return isVisibleAscii(name); };
  if (!std::all_of(names.dns.begin(), names.dns.end(), plain)) {
    return "a DNS name contains invalid bytes";
  }
  if (!std::all_of(names.uris.begin(), names.uris.end(), plain)) {
    return "a URI contains invalid bytes";
  }
  if (!names.claimsSpiffeId()) return "";
  if (names.uris.size() > 1) return "a certificate with a SPIFFE ID may not contain another URI";
  return faultOfSpiffeId(names.uris.front()).empty() ? "" : "its SPIFFE ID is not valid";
}

Names namesOf(const x509_st* certificate) {
  const bssl::UniquePtr<GENERAL_NAMES> all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  return namesAmong(all.get());
}

Names namesIn(std::string_view extension) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(extension.data());
  const bssl::UniquePtr<GENERAL_NAMES> all(
      d2i_GENERAL_NAMES(nullptr, &at, static_cast<long>(extension.size())));
  ERR_clear_error();
  return namesAmong(all.get());
}

std::string hashOf(const x509_st* certificate) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
  return hexOf({reinterpret_cast<const char*>(digest.data()), size});
}

std::string textOf(const X509_name_st* name) {
  const bssl::UniquePtr<BIO> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  const std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
  if (BIO_mem_contents(out.get(), &bytes, &size) != 1) return {};
  return {reinterpret_cast<const char*>(bytes), size};
}

SanMatcher::SanMatcher(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {
  for (std::string& each : patterns_) {
    if (!isUri(each)) each = lowerCase(each);
  }
}

std::optional<std::size_t> SanMatcher::match(const Names& names) const {
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    const std::string& pattern = patterns_[i];
    const bool found =
        isUri(pattern) ? matchesUri(pattern, names.identity())
                       : std::any_of(names.dns.begin(), names.dns.end(),
                                     [&](const auto& name) { return matchesDns(pattern, name); });
    if (found) return i;
  }
  return std::nullopt;
}

std::string_view faultOfPattern(std::string_view pattern) {
  if (pattern.empty()) return "is empty";
  if (hasSpiffeScheme(pattern)) return faultOfSpiffePattern(pattern);
  const std::size_t star = pattern.find('*');
  if (isUri(pattern)) {
    const bool at_end = star == pattern.size() - 1 && pattern.ends_with("/*");
    return star == std::string_view::npos || at_end
               ? ""
               : "may have a star only at its end, after a slash";
  }
  if (star == std::string_view::npos) return "";
  const bool first_label = star == 0 && pattern.starts_with("*.") && pattern.rfind('*') == 0;
  return first_label ? "" : "may have a star only as its first label";
}

}  // namespace weir::tls
