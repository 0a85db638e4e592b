#include "core/tls/certificate.h"

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "core/tls/boringssl.h"
#include "core/tls/refusal.h"

namespace weir::tls {
namespace {

constexpr std::string_view kNoCertificate = "contains no certificate in PEM format";
constexpr std::size_t kMostKeys = 4;
constexpr std::string_view kUnknownKey = "has a key of an unknown type";

std::string commonNameOf(X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  return textOf(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

// While a pair is being replaced, the file of its key has that of the certificate in use as well.
bssl::UniquePtr<EVP_PKEY> keyFor(const Certificate::Parts& parts, std::string_view pem) {
  const bssl::UniquePtr<X509> leaf(X509_parse_from_buffer(parts.chain.front().get()));
  const bssl::UniquePtr<EVP_PKEY> wanted(X509_get_pubkey(leaf.get()));
  const bssl::UniquePtr<BIO> in = bioOver(pem);
  bssl::UniquePtr<EVP_PKEY> first;
  for (std::size_t i = 0; i < kMostKeys; ++i) {
    bssl::UniquePtr<EVP_PKEY> key(PEM_read_bio_PrivateKey(in.get(), nullptr, noPassword, nullptr));
    if (key == nullptr) break;
    if (wanted != nullptr && EVP_PKEY_cmp(wanted.get(), key.get()) == 1) return key;
    if (first == nullptr) first = std::move(key);
  }
  ERR_clear_error();
  return first;
}

bool isKnownKind(const EVP_PKEY* key) {
  if (key == nullptr) return false;
  const int id = EVP_PKEY_id(key);
  return id == EVP_PKEY_EC || id == EVP_PKEY_RSA || id == EVP_PKEY_ED25519;
}

}  // namespace

Result<std::shared_ptr<const Certificate>> Certificate::parse(std::string_view chain,
                                                              std::string_view key,
                                                              std::string source) {
  auto parts = std::make_unique<Parts>();
  parts->chain = readChain(chain);
  if (parts->chain.empty()) return invalid(kNoCertificate);
  parts->key = keyFor(*parts, key);
  if (parts->key == nullptr) return invalid("contains no private key in PEM format");
  return assemble(std::move(parts), std::move(source));
}

Result<std::shared_ptr<const Certificate>> Certificate::parseDer(std::string_view chain,
                                                                 std::string_view key,
                                                                 std::string source) {
  auto parts = std::make_unique<Parts>();
  parts->chain = readDerChain(chain);
  if (parts->chain.empty()) return invalid("contains no certificate in DER format");
  CBS bytes;
  CBS_init(&bytes, reinterpret_cast<const std::uint8_t*>(key.data()), key.size());
  parts->key.reset(EVP_parse_private_key(&bytes));
  if (parts->key == nullptr || CBS_len(&bytes) > 0) {
    return invalid("contains no private key in PKCS #8 format");
  }
  return assemble(std::move(parts), std::move(source));
}

Result<std::shared_ptr<const Certificate>> Certificate::assemble(std::unique_ptr<Parts> parts,
                                                                 std::string source) {
  parts->leaf.reset(X509_parse_from_buffer(parts->chain.front().get()));
  parts->public_key.reset(X509_get_pubkey(parts->leaf.get()));
  if (!isKnownKind(parts->public_key.get())) return invalid(kUnknownKey);
  if (EVP_PKEY_cmp(parts->public_key.get(), parts->key.get()) != 1) {
    return invalid("the key does not belong to the certificate");
  }
  return std::shared_ptr<const Certificate>(
      std::make_shared<Certificate>(std::move(parts), std::move(source)));
}

Result<std::shared_ptr<const Certificate>> Certificate::describe(std::string_view chain) {
  auto parts = std::make_unique<Parts>();
  parts->chain = readChain(chain);
  if (parts->chain.empty()) return invalid(kNoCertificate);
  parts->leaf.reset(X509_parse_from_buffer(parts->chain.front().get()));
  parts->public_key.reset(X509_get_pubkey(parts->leaf.get()));
  if (!isKnownKind(parts->public_key.get())) return invalid(kUnknownKey);
  return std::shared_ptr<const Certificate>(
      std::make_shared<Certificate>(std::move(parts), std::string()));
}

Certificate::Certificate(std::unique_ptr<Parts> parts, std::string source)
    : parts_(std::move(parts)), source_(std::move(source)) {
  X509* leaf = parts_->leaf.get();
  const int id = EVP_PKEY_id(parts_->public_key.get());
  if (id == EVP_PKEY_RSA) key_type_ = KeyType::kRsa;
  if (id == EVP_PKEY_ED25519) key_type_ = KeyType::kEd25519;
  names_ = namesOf(leaf);
  subject_ = textOf(X509_get_subject_name(leaf));
  common_name_ = commonNameOf(X509_get_subject_name(leaf));
  issuer_ = textOf(X509_get_issuer_name(leaf));
  not_before_ = timeOf(X509_get0_notBefore(leaf));
  not_after_ = timeOf(X509_get0_notAfter(leaf));
  ERR_clear_error();
}

Certificate::~Certificate() = default;

// Whether BoringSSL accepts the pair; it checks more than weir does.
bool Certificate::isTaken() const {
  if (parts_->key == nullptr) return true;  // only described
  const bssl::UniquePtr<SSL_CTX> probe(SSL_CTX_new(TLS_with_buffers_method()));
  const std::vector<CRYPTO_BUFFER*> chain = chainOf(*this);
  const int taken = SSL_CTX_set_chain_and_key(probe.get(), chain.data(), chain.size(),
                                              parts_->key.get(), nullptr);
  ERR_clear_error();
  return taken == 1;
}

std::string_view Certificate::faultFor(Use use) const {
  const bool node = use == Use::kNodeServer || use == Use::kNodeClient;
  X509* leaf = parts_->leaf.get();
  const std::string_view weak = faultOfKey(parts_->public_key.get());
  if (!weak.empty()) return weak;
  if ((X509_get_key_usage(leaf) & X509v3_KU_DIGITAL_SIGNATURE) == 0) {
    return "may not sign, by its key usage: TLS needs digitalSignature";
  }
  const std::uint32_t purposes = X509_get_extended_key_usage(leaf);
  const bool server = use == Use::kServer || use == Use::kNodeServer;
  if (server && (purposes & (XKU_SSL_SERVER | XKU_ANYEKU)) == 0) {
    return "is not for servers, by its extended key usage";
  }
  if (use == Use::kNodeClient && (purposes & (XKU_SSL_CLIENT | XKU_ANYEKU)) == 0) {
    return "is not for clients, by its extended key usage";
  }
  if (!isTaken()) return "cannot be used for TLS";
  if (!node) return "";
  if (!names_.claimsSpiffeId()) return "has no name of the form spiffe://DOMAIN/...";
  const std::string_view malformed = faultOf(names_);
  return malformed.empty() ? faultOfSvid(leaf) : malformed;
}

}  // namespace weir::tls
