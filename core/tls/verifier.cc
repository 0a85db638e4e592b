#include "core/tls/verifier.h"

#include <algorithm>
#include <cstdlib>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "core/base/check.h"
#include "core/tls/boringssl.h"
#include "core/tls/digest.h"
#include "core/tls/refusal.h"
#include "core/tls/spiffe_id.h"

namespace weir::tls {
namespace {

bool addRoots(Verifier::Parts& parts, std::string_view pem) {
  const auto roots = readChain(pem);
  for (const auto& root : roots) {
    const bssl::UniquePtr<X509> parsed(X509_parse_from_buffer(root.get()));
    if (X509_STORE_add_cert(parts.store.get(), parsed.get()) != 1) return false;
    std::uint8_t* bytes = nullptr;
    const int size = i2d_X509_NAME(X509_get_subject_name(parsed.get()), &bytes);
    if (size <= 0) return false;
    const bssl::UniquePtr<std::uint8_t> owner(bytes);
    parts.names.emplace_back(CRYPTO_BUFFER_new(bytes, static_cast<std::size_t>(size), nullptr));
  }
  return !roots.empty();
}

// Loads all of them at once: loading on demand would read files during a handshake.
bool addSystemRoots(Verifier::Parts& parts) {
  const char* const given = std::getenv("SSL_CERT_FILE");
  for (const char* path : {given, "/etc/ssl/certs/ca-certificates.crt",
                           "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"}) {
    if (path == nullptr) continue;
    if (X509_STORE_load_locations(parts.store.get(), path, nullptr) == 1) return true;
    ERR_clear_error();
  }
  return false;
}

bool addRevocations(Verifier::Parts& parts, std::string_view pem) {
  const bssl::UniquePtr<BIO> in = bioOver(pem);
  int count = 0;
  for (;; ++count) {
    const bssl::UniquePtr<X509_CRL> crl(PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr));
    if (crl == nullptr) break;
    if (X509_STORE_add_crl(parts.store.get(), crl.get()) != 1) return false;
  }
  parts.revocations = count > 0;
  return parts.revocations;
}

// Every part has its length, so that different requirements have different texts.
std::string fingerprintOf(const Verifier::Options& options) {
  std::string all = options.system_roots ? "system" : "";
  const auto add = [&all](std::string_view part) {
    all += std::to_string(part.size()) + ':';
    all += part;
  };
  add(options.roots);
  add(options.revocations);
  for (const std::string& each : options.names.patterns()) add(each);
  add({});
  for (const std::string& each : options.hashes) add(each);
  if (options.bundles != nullptr) add(options.bundles->fingerprint());
  return sha256(asBytes(all));
}

bool expect(X509_VERIFY_PARAM* parameters, std::string_view name) {
  const std::string text(name);
  X509_VERIFY_PARAM_set_hostflags(
      parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return isIpAddress(text) ? X509_VERIFY_PARAM_set1_ip_asc(parameters, text.c_str()) == 1
                           : X509_VERIFY_PARAM_set1_host(parameters, text.data(), text.size()) == 1;
}

// Workload APIs deliver revocation lists of some issuers only.
int acceptMissingList(int good, X509_STORE_CTX* check) {
  if (good == 1 || X509_STORE_CTX_get_error(check) != X509_V_ERR_UNABLE_TO_GET_CRL) return good;
  X509_STORE_CTX_set_error(check, X509_V_OK);
  return 1;
}

std::string about(const x509_st* leaf, std::string_view what) {
  return "the certificate of " + nameOf(leaf) + ": " + std::string(what);
}

}  // namespace

Result<std::shared_ptr<const Verifier>> Verifier::make(const Options& options) {
  auto parts = std::make_unique<Parts>();
  parts->store.reset(X509_STORE_new());
  if (options.system_roots && !addSystemRoots(*parts)) {
    return invalid("the system has no roots: install the package ca-certificates");
  }
  if (!options.roots.empty() && !addRoots(*parts, options.roots)) {
    return invalid("contains no certificate in PEM format");
  }
  if (!options.revocations.empty() && !addRevocations(*parts, options.revocations)) {
    return invalid("contains no revocation list in PEM format");
  }
  return std::shared_ptr<const Verifier>(std::make_shared<Verifier>(std::move(parts), options));
}

Verifier::Verifier(std::unique_ptr<Parts> parts, const Options& options)
    : parts_(std::move(parts)),
      bundles_(options.bundles),
      names_(options.names),
      hashes_(options.hashes),
      fingerprint_(fingerprintOf(options)) {}

Verifier::~Verifier() = default;

Verifier::Verdict Verifier::judge(const ssl_st* ssl, Peer peer, std::string_view name) const {
  return judgeChain(parsedChain(shownBy(ssl)).get(), peer, name);
}

Verifier::Verdict Verifier::judgeAgain(const net::PeerCertificate& shown, Peer peer,
                                       std::string_view name) const {
  const auto* kept = static_cast<const KeptChain*>(shown.chain.get());
  if (kept == nullptr) return judgeChain(nullptr, peer, name);
  return judgeChain(parsedChain(kept->certificates).get(), peer, name);
}

Verifier::Verdict Verifier::judgeChain(stack_st_X509* chain, Peer peer,
                                       std::string_view name) const {
  if (chain == nullptr) {
    return {HandshakeReason::kMalformed, "the certificate cannot be read", {}};
  }
  X509* leaf = sk_X509_value(chain, 0);
  Verdict verdict;
  X509_STORE* const store = storeFor(leaf, verdict);
  if (store == nullptr) return verdict;
  const bssl::UniquePtr<X509_STORE_CTX> check(X509_STORE_CTX_new());
  WEIR_CHECK(X509_STORE_CTX_init(check.get(), store, leaf, chain) == 1);
  X509_STORE_CTX_set_default(check.get(), peer == Peer::kServer ? "ssl_server" : "ssl_client");
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(check.get());
  // A bundle may have certificates that a root outside of it has signed: each is an anchor.
  if (bundles_ != nullptr) X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  const bool lists = bundles_ == nullptr ? parts_->revocations : bundles_->parts().revocations;
  if (lists) {
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    if (bundles_ != nullptr) X509_STORE_CTX_set_verify_cb(check.get(), acceptMissingList);
  }
  const bool checkable = name.empty() || expect(parameters, name);
  const bool good = checkable && X509_verify_cert(check.get()) == 1;
  ERR_clear_error();
  if (!checkable) return {HandshakeReason::kWrongName, "the required name is not valid", {}};
  if (!good) return refusalOf(check.get(), leaf, name);
  verdict = judgeStrength(X509_STORE_CTX_get0_chain(check.get()));
  if (verdict.accepted()) {
    const Nanoseconds until = verdict.until;
    verdict = judgeNames(leaf);
    verdict.until = until;
  }
  return verdict;
}

X509_STORE* Verifier::storeFor(const x509_st* leaf, Verdict& why) const {
  if (bundles_ == nullptr) return parts_->store.get();
  const auto& stores = bundles_->parts().stores;
  const Names names = namesOf(leaf);
  if (stores.empty()) {
    why = {HandshakeReason::kNoIdentity, "this node has no valid SPIFFE identity", {}};
  } else if (!names.claimsSpiffeId() || !faultOf(names).empty()) {
    why = {HandshakeReason::kMalformed, about(leaf, "it has no valid SPIFFE ID"), {}};
  } else {
    const auto found = stores.find(trustDomainOf(names.identity()));
    if (found != stores.end()) return found->second.get();
    why = {HandshakeReason::kUntrusted, about(leaf, "no bundle of its trust domain is known"), {}};
  }
  return nullptr;
}

Verifier::Verdict Verifier::judgeNames(const x509_st* leaf) const {
  const Names names = namesOf(leaf);
  const auto refuse = [&](HandshakeReason reason, std::string_view what) {
    return Verdict{reason, about(leaf, what), {}};
  };
  std::string_view fault = faultOf(names);
  if (fault.empty() && names.claimsSpiffeId()) fault = faultOfSvid(leaf);
  if (fault.empty() && bundles_ != nullptr) fault = faultOfPurposes(leaf);
  if (!fault.empty()) return refuse(HandshakeReason::kMalformed, fault);
  if (!names_.empty() && !names_.match(names)) {
    return refuse(HandshakeReason::kWrongName,
                  "has none of the required names: " + listOf(names_.patterns()));
  }
  if (hashes_.empty()) return {};
  const std::string hash = hashOf(leaf);
  if (std::find(hashes_.begin(), hashes_.end(), hash) != hashes_.end()) return {};
  return refuse(HandshakeReason::kWrongName,
                "its SHA-256 " + hash + " is not one of those required");
}

}  // namespace weir::tls
