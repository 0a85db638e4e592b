#include "core/tls/authority.h"

#include <openssl/bn.h>
#include <openssl/digest.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "core/base/check.h"
#include "core/tls/boringssl.h"
#include "core/tls/spiffe_id.h"

namespace weir::tls {
namespace {

constexpr int kRsaBits = 2048;
constexpr std::size_t kSerialBytes = 16;

bssl::UniquePtr<EVP_PKEY> makeKey(Certificate::KeyType type) {
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  if (type == Certificate::KeyType::kRsa) {
    const bssl::UniquePtr<BIGNUM> exponent(BN_new());
    bssl::UniquePtr<RSA> rsa(RSA_new());
    WEIR_CHECK(BN_set_word(exponent.get(), RSA_F4) == 1);
    WEIR_CHECK(RSA_generate_key_ex(rsa.get(), kRsaBits, exponent.get(), nullptr) == 1);
    WEIR_CHECK(EVP_PKEY_assign_RSA(key.get(), rsa.release()) == 1);
  } else {
    bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
    WEIR_CHECK(EC_KEY_generate_key(ec.get()) == 1);
    WEIR_CHECK(EVP_PKEY_assign_EC_KEY(key.get(), ec.release()) == 1);
  }
  return key;
}

bool setTime(ASN1_TIME* time, Nanoseconds wall) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wall).count();
  return ASN1_TIME_set_posix(time, seconds) != nullptr;
}

void setSerial(X509* certificate) {
  std::uint8_t bytes[kSerialBytes];
  RAND_bytes(bytes, sizeof bytes);
  bytes[0] &= 0x7F;  // positive (RFC 5280, 4.1.2.2)
  const bssl::UniquePtr<BIGNUM> number(BN_bin2bn(bytes, sizeof bytes, nullptr));
  WEIR_CHECK(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
}

bool setName(X509_NAME* name, const std::string& common) {
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const std::uint8_t*>(common.data()),
                                    static_cast<ossl_ssize_t>(common.size()), -1, 0) == 1;
}

// `value` in the language of OpenSSL's configuration files; only for texts of ours.
void addExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const bssl::UniquePtr<X509_EXTENSION> extension(
      X509V3_EXT_nconf_nid(nullptr, &context, nid, value));
  WEIR_CHECK(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

bool addText(GENERAL_NAMES* names, int type, std::string_view text) {
  bssl::UniquePtr<GENERAL_NAME> name(GENERAL_NAME_new());
  bssl::UniquePtr<ASN1_IA5STRING> value(ASN1_IA5STRING_new());
  if (ASN1_STRING_set(value.get(), text.data(), static_cast<ossl_ssize_t>(text.size())) != 1) {
    return false;
  }
  GENERAL_NAME_set0_value(name.get(), type, value.release());
  return bssl::PushToStack(names, std::move(name));
}

bool addAddress(GENERAL_NAMES* names, const std::string& text) {
  bssl::UniquePtr<ASN1_OCTET_STRING> value(a2i_IPADDRESS(text.c_str()));
  if (value == nullptr) return false;
  bssl::UniquePtr<GENERAL_NAME> name(GENERAL_NAME_new());
  GENERAL_NAME_set0_value(name.get(), GEN_IPADD, value.release());
  return bssl::PushToStack(names, std::move(name));
}

bool addNames(X509* certificate, const CertificateRequest& request) {
  const bssl::UniquePtr<GENERAL_NAMES> names(GENERAL_NAMES_new());
  bool good = true;
  for (const std::string& each : request.dns_names) {
    good = good && isDnsName(each) && addText(names.get(), GEN_DNS, each);
  }
  for (const std::string& each : request.addresses) {
    good = good && addAddress(names.get(), each);
  }
  if (!request.identity.empty()) {
    good = good && faultOfSpiffeId(request.identity).empty() &&
           addText(names.get(), GEN_URI, request.identity);
  }
  if (!good || sk_GENERAL_NAME_num(names.get()) == 0) return false;
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) == 1;
}

Result<bssl::UniquePtr<X509>> begin(const std::string& name, EVP_PKEY* key, Nanoseconds not_before,
                                    Nanoseconds not_after) {
  bssl::UniquePtr<X509> certificate(X509_new());
  WEIR_CHECK(X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  setSerial(certificate.get());
  if (not_after <= not_before || !setTime(X509_getm_notBefore(certificate.get()), not_before) ||
      !setTime(X509_getm_notAfter(certificate.get()), not_after)) {
    return invalid("the time that it is to hold for is none that a certificate can hold");
  }
  if (name.empty() || name.size() > kMaxSubject ||
      !setName(X509_get_subject_name(certificate.get()), name)) {
    return invalid("the name must have 1 to 64 bytes of UTF-8 text");
  }
  WEIR_CHECK(X509_set_pubkey(certificate.get(), key) == 1);
  return certificate;
}

// The roots of others may have no identifier to refer to.
void addIssuer(X509* certificate, X509* issuer) {
  if (X509_get_ext_by_NID(issuer, NID_subject_key_identifier, -1) < 0) return;
  addExtension(certificate, issuer, NID_authority_key_identifier, "keyid");
}

// Ed25519 has a digest of its own.
bool sign(X509* certificate, EVP_PKEY* key) {
  const EVP_MD* digest = EVP_PKEY_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
  return X509_sign(certificate, key, digest) > 0;
}

std::string contentsOf(BIO* bio) {
  const std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
  WEIR_CHECK(BIO_mem_contents(bio, &bytes, &size) == 1);
  return {reinterpret_cast<const char*>(bytes), size};
}

KeyPair inPem(X509* certificate, EVP_PKEY* key) {
  const bssl::UniquePtr<BIO> first(BIO_new(BIO_s_mem()));
  const bssl::UniquePtr<BIO> second(BIO_new(BIO_s_mem()));
  WEIR_CHECK(PEM_write_bio_X509(first.get(), certificate) == 1);
  WEIR_CHECK(
      PEM_write_bio_PKCS8PrivateKey(second.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return {contentsOf(first.get()), contentsOf(second.get())};
}

}  // namespace

Result<KeyPair> makeRoot(const std::string& name, Nanoseconds not_before, Nanoseconds not_after) {
  const bssl::UniquePtr<EVP_PKEY> key = makeKey(Certificate::KeyType::kEcdsa);
  WEIR_TRY(const bssl::UniquePtr<X509> root, begin(name, key.get(), not_before, not_after));
  WEIR_CHECK(X509_set_issuer_name(root.get(), X509_get_subject_name(root.get())) == 1);
  addExtension(root.get(), root.get(), NID_basic_constraints, "critical,CA:TRUE");
  addExtension(root.get(), root.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  addExtension(root.get(), root.get(), NID_subject_key_identifier, "hash");
  WEIR_CHECK(sign(root.get(), key.get()));
  return inPem(root.get(), key.get());
}

Result<KeyPair> issue(const KeyPair& root, const CertificateRequest& request) {
  const auto parsed = Certificate::parse(root.certificate, root.key);
  if (!parsed.ok()) return parsed.error();
  X509* issuer = parsed.value()->parts().leaf.get();
  if (X509_check_ca(issuer) != 1) return invalid("is no root: it may not issue certificates");
  const bssl::UniquePtr<EVP_PKEY> key = makeKey(request.key_type);
  WEIR_TRY(const bssl::UniquePtr<X509> certificate,
           begin(request.name, key.get(), request.not_before, request.not_after));
  WEIR_CHECK(X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) == 1);
  addExtension(certificate.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  addExtension(certificate.get(), issuer, NID_key_usage,
               request.key_type == Certificate::KeyType::kRsa
                   ? "critical,digitalSignature,keyEncipherment"
                   : "critical,digitalSignature");
  addExtension(certificate.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth");
  addExtension(certificate.get(), issuer, NID_subject_key_identifier, "hash");
  addIssuer(certificate.get(), issuer);
  if (!addNames(certificate.get(), request)) {
    return invalid("needs a DNS name, an IP address or an identity, each well-formed");
  }
  if (!sign(certificate.get(), parsed.value()->parts().key.get())) {
    return invalid("the root cannot sign");
  }
  return inPem(certificate.get(), key.get());
}

}  // namespace weir::tls
