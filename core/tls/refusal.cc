#include "core/tls/refusal.h"

#include <algorithm>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "core/base/plain_text.h"
#include "core/base/utc_time.h"
#include "core/tls/boringssl.h"

namespace weir::tls {
namespace {

constexpr std::size_t kMaxName = 200;
constexpr std::size_t kMaxListed = 8;
constexpr unsigned kMinRsaBits = 2048;

HandshakeReason reasonFor(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return HandshakeReason::kExpired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return HandshakeReason::kNotYetValid;
    case X509_V_ERR_CERT_REVOKED:
      return HandshakeReason::kRevoked;
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
      return HandshakeReason::kNoRevocationList;
    case X509_V_ERR_INVALID_PURPOSE:
      return HandshakeReason::kWrongPurpose;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return HandshakeReason::kWrongName;
    default:
      return HandshakeReason::kUntrusted;
  }
}

std::string whyIn(HandshakeReason reason, const x509_st* certificate, int error,
                  std::string_view wanted) {
  switch (reason) {
    case HandshakeReason::kExpired:
      return "expired at " + dateText(timeOf(X509_get0_notAfter(certificate)));
    case HandshakeReason::kNotYetValid:
      return "is valid from " + dateText(timeOf(X509_get0_notBefore(certificate))) + " on";
    case HandshakeReason::kRevoked:
      return "is revoked";
    case HandshakeReason::kWrongPurpose:
      return "is not for this purpose, by its extended key usage";
    case HandshakeReason::kWrongName:
      return "is not valid for " + printable(wanted, kMaxName);
    default:
      return X509_verify_cert_error_string(error);
  }
}

bool isBadDigest(int signature) {
  int digest = NID_undef;
  int key = NID_undef;
  if (OBJ_find_sigid_algs(signature, &digest, &key) != 1) return false;
  return digest == NID_sha1 || digest == NID_md5 || digest == NID_md5_sha1 || digest == NID_md4;
}

}  // namespace

std::string dateText(Nanoseconds wall) { return UtcTime{wall}.text(); }

std::string nameOf(const x509_st* certificate) {
  const Names names = namesOf(certificate);
  if (!names.uris.empty()) return printable(names.uris.front(), kMaxName);
  if (!names.dns.empty()) return printable(names.dns.front(), kMaxName);
  const std::string subject = textOf(X509_get_subject_name(certificate));
  return subject.empty() ? "nobody" : printable(subject, kMaxName);
}

std::string listOf(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kMaxListed); ++i) {
    list += (i == 0 ? "" : ", ") + printable(names[i], kMaxName);
  }
  return names.size() > kMaxListed ? list + ", ..." : list;
}

Verifier::Verdict refusalOf(X509_STORE_CTX* check, const x509_st* leaf, std::string_view wanted) {
  const int error = X509_STORE_CTX_get_error(check);
  const HandshakeReason reason = reasonFor(error);
  const x509_st* at = X509_STORE_CTX_get_current_cert(check);
  if (at == nullptr) at = leaf;
  std::string detail = "the certificate of " + nameOf(leaf);
  if (X509_cmp(at, leaf) != 0) detail += ": that of its issuer " + nameOf(at);
  detail += " " + whyIn(reason, at, error, wanted) +
            " (issuer: " + printable(textOf(X509_get_issuer_name(at)), kMaxName) + ")";
  return {reason, std::move(detail), {}};
}

std::string_view faultOfKey(const EVP_PKEY* key) {
  if (key == nullptr) return "has a key of an unknown type";
  switch (EVP_PKEY_id(key)) {
    case EVP_PKEY_RSA:
      return EVP_PKEY_bits(key) < static_cast<int>(kMinRsaBits)
                 ? "has an RSA key of less than 2048 bits"
                 : "";
    case EVP_PKEY_EC: {
      const int curve = EC_GROUP_get_curve_name(EC_KEY_get0_group(EVP_PKEY_get0_EC_KEY(key)));
      const bool good =
          curve == NID_X9_62_prime256v1 || curve == NID_secp384r1 || curve == NID_secp521r1;
      return good ? "" : "has a key on a curve that is not supported for signatures";
    }
    case EVP_PKEY_ED25519:
      return "";
    default:
      return "has a key of an unknown type";
  }
}

Verifier::Verdict judgeStrength(const STACK_OF(X509) * chain) {
  Verifier::Verdict verdict;
  const std::size_t count = sk_X509_num(chain);
  for (std::size_t i = 0; i < count; ++i) {
    X509* each = sk_X509_value(chain, i);
    std::string_view fault = faultOfKey(bssl::UniquePtr<EVP_PKEY>(X509_get_pubkey(each)).get());
    // The signature of a root is not checked.
    if (i + 1 < count && isBadDigest(X509_get_signature_nid(each))) {
      fault = "is signed with SHA-1, or weaker";
    }
    if (!fault.empty()) {
      std::string detail = "the certificate of " + nameOf(each) + " " + std::string(fault);
      return {HandshakeReason::kWeak, std::move(detail), {}};
    }
    const Nanoseconds end = timeOf(X509_get0_notAfter(each));
    verdict.until = i == 0 ? end : std::min(verdict.until, end);
  }
  return verdict;
}

std::string_view faultOfSvid(const x509_st* leaf) {
  auto* certificate = const_cast<X509*>(leaf);  // BoringSSL caches its results in it
  if ((X509_get_extension_flags(certificate) & EXFLAG_CA) != 0) {
    return "a certificate with a SPIFFE ID may not be a CA certificate";
  }
  const std::uint32_t usage = X509_get_key_usage(certificate);
  const bool any = usage == UINT32_MAX;  // no key usage extension
  if (!any && (usage & (X509v3_KU_KEY_CERT_SIGN | X509v3_KU_CRL_SIGN)) != 0) {
    return "a certificate with a SPIFFE ID may not sign others";
  }
  if (!any && (usage & X509v3_KU_DIGITAL_SIGNATURE) == 0) {
    return "a certificate with a SPIFFE ID must have the key usage digitalSignature";
  }
  return "";
}

std::string_view faultOfPurposes(const x509_st* leaf) {
  auto* certificate = const_cast<X509*>(leaf);  // BoringSSL caches its results in it
  if ((X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) == 0) return "";
  constexpr std::uint32_t kBoth = XKU_SSL_SERVER | XKU_SSL_CLIENT;
  const std::uint32_t purposes = X509_get_extended_key_usage(certificate);
  return (purposes & kBoth) == kBoth ? "" : "its extended key usage is not for servers and clients";
}

std::uint8_t alertFor(HandshakeReason reason) {
  switch (reason) {
    case HandshakeReason::kExpired:
    case HandshakeReason::kNotYetValid:
      return SSL_AD_CERTIFICATE_EXPIRED;
    case HandshakeReason::kUntrusted:
      return SSL_AD_UNKNOWN_CA;
    case HandshakeReason::kRevoked:
      return SSL_AD_CERTIFICATE_REVOKED;
    case HandshakeReason::kWrongPurpose:
    case HandshakeReason::kWeak:
      return SSL_AD_UNSUPPORTED_CERTIFICATE;
    case HandshakeReason::kNoRevocationList:
      return SSL_AD_CERTIFICATE_UNKNOWN;
    case HandshakeReason::kNoIdentity:
      return SSL_AD_INTERNAL_ERROR;
    case HandshakeReason::kWrongName:
      return SSL_AD_ACCESS_DENIED;
    default:
      return SSL_AD_BAD_CERTIFICATE;
  }
}

}  // namespace weir::tls
