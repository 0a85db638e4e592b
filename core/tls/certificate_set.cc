#include "core/tls/certificate_set.h"

#include <algorithm>

namespace weir::tls {

CertificateSet::CertificateSet(std::vector<std::shared_ptr<const Certificate>> certificates)
    : certificates_(std::move(certificates)) {
  for (const auto& certificate : certificates_) {
    for (const std::string& name : certificate->names()) add(names_[name], *certificate);
  }
  if (certificates_.empty()) return;
  // The first one's names may have a second certificate with the other kind of key.
  add(fallback_, *certificates_.front());
  if (certificates_.front()->names().empty()) return;
  const Choice& same = names_[certificates_.front()->names().front()];
  if (fallback_.ecdsa == nullptr) fallback_.ecdsa = same.ecdsa;
  if (fallback_.rsa == nullptr) fallback_.rsa = same.rsa;
}

void CertificateSet::add(Choice& choice, const Certificate& certificate) {
  const bool rsa = certificate.keyType() == Certificate::KeyType::kRsa;
  const Certificate*& slot = rsa ? choice.rsa : choice.ecdsa;
  if (slot == nullptr) slot = &certificate;
}

bool CertificateSet::holdsRsa() const {
  return std::any_of(certificates_.begin(), certificates_.end(), [](const auto& each) {
    return each->keyType() == Certificate::KeyType::kRsa;
  });
}

CertificateSet::Choice CertificateSet::find(std::string_view name) const {
  const auto exact = names_.find(name);
  if (exact != names_.end()) return exact->second;
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  std::string wildcard = "*";
  wildcard += name.substr(dot);
  const auto found = names_.find(wildcard);
  return found == names_.end() ? Choice{} : found->second;
}

}  // namespace weir::tls
