#include "core/tls/trust_bundles.h"

#include <openssl/err.h>

#include "core/tls/boringssl.h"
#include "core/tls/digest.h"

namespace weir::tls {
namespace {

using Lists = std::vector<bssl::UniquePtr<X509_CRL>>;

bool readLists(const std::vector<std::string>& texts, Lists& out) {
  for (const std::string& der : texts) {
    const auto* at = reinterpret_cast<const std::uint8_t*>(der.data());
    const auto* const end = at + der.size();
    bssl::UniquePtr<X509_CRL> list(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
    if (list == nullptr || at != end) return false;
    out.push_back(std::move(list));
  }
  return true;
}

using Roots = std::vector<bssl::UniquePtr<X509>>;

bool hasSigned(X509* root, X509_CRL* list) {
  const bssl::UniquePtr<EVP_PKEY> key(X509_get_pubkey(root));
  return key != nullptr && X509_CRL_verify(list, key.get()) == 1;
}

// CAs of two domains, and an old and a new CA of one domain, may have the same name: a list belongs
// to the one that signed it.
bool isOfOthers(X509_CRL* list, const Roots& roots) {
  bool named = false;
  for (const auto& root : roots) {
    if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(root.get())) != 0) continue;
    if (hasSigned(root.get(), list)) return false;
    named = true;
  }
  return named;
}

bssl::UniquePtr<X509_STORE> storeOf(std::string_view roots, const Lists& lists) {
  const auto chain = readDerChain(roots);
  if (chain.empty() && !roots.empty()) return nullptr;
  bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  Roots certificates;
  for (const auto& root : chain) {
    auto& parsed = certificates.emplace_back(X509_parse_from_buffer(root.get()));
    if (X509_STORE_add_cert(store.get(), parsed.get()) != 1) return nullptr;
  }
  for (const auto& list : lists) {
    if (isOfOthers(list.get(), certificates)) continue;
    if (X509_STORE_add_crl(store.get(), list.get()) != 1) return nullptr;
  }
  ERR_clear_error();
  return store;
}

// Every part has its length, so that different bundles have different texts.
std::string digestOf(const TrustBundles::Roots& roots,
                     const std::vector<std::string>& revocations) {
  std::string all;
  const auto add = [&all](std::string_view part) {
    all += std::to_string(part.size()) + ':';
    all += part;
  };
  for (const auto& [domain, certificates] : roots) {
    add(domain);
    add(certificates);
  }
  all += '/';
  for (const std::string& each : revocations) add(each);
  return sha256(asBytes(all));
}

}  // namespace

Result<std::shared_ptr<const TrustBundles>> TrustBundles::make(
    const Roots& roots, const std::vector<std::string>& revocations) {
  auto parts = std::make_unique<Parts>();
  Lists lists;
  if (!readLists(revocations, lists)) return invalid("contains a malformed revocation list");
  for (const auto& [domain, certificates] : roots) {
    auto store = storeOf(certificates, lists);
    if (store == nullptr) return invalid("contains a malformed CA certificate");
    parts->stores.emplace(domain, std::move(store));
  }
  parts->revocations = !lists.empty();
  parts->digest = digestOf(roots, revocations);
  return std::shared_ptr<const TrustBundles>(std::make_shared<TrustBundles>(std::move(parts)));
}

std::shared_ptr<const TrustBundles> TrustBundles::none() { return make({}, {}).value(); }

TrustBundles::TrustBundles(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

TrustBundles::~TrustBundles() = default;

const std::string& TrustBundles::fingerprint() const { return parts_->digest; }

bool TrustBundles::empty() const { return parts_->stores.empty(); }

std::vector<std::string> TrustBundles::domains() const {
  std::vector<std::string> names;
  for (const auto& [domain, store] : parts_->stores) names.push_back(domain);
  return names;
}

}  // namespace weir::tls
