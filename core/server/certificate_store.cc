#include "core/server/certificate_store.h"

#include "core/config/file_text.h"
#include "core/tls/digest.h"

namespace weir::server {
namespace {

struct Texts {
  std::string cert;
  std::string key;
  std::string trouble;
};

Texts readTexts(const std::string& cert, const std::string& key) {
  config::FileText chain = config::readFileText(cert);
  config::FileText secret = config::readFileText(key);
  Texts texts{std::move(chain.text), std::move(secret.text), {}};
  if (!chain.error.empty()) texts.trouble = "cannot read " + cert + ": " + chain.error;
  if (secret.error.empty()) return texts;
  if (!texts.trouble.empty()) texts.trouble += ", nor " + key;
  if (texts.trouble.empty()) texts.trouble = "cannot read " + key + ": " + secret.error;
  return texts;
}

std::string digestOf(const Texts& texts) {
  return tls::sha256(asBytes(texts.cert)) + tls::sha256(asBytes(texts.key));
}

}  // namespace

std::shared_ptr<const tls::Certificate> CertificateStore::load(const std::string& cert,
                                                               const std::string& key,
                                                               std::string& why) {
  const Files files{cert, key};
  const Entry& before = entries_[files];
  auto in_use = before.certificate.lock();
  const Texts texts = readTexts(cert, key);
  const std::string digest = digestOf(texts);
  why = texts.trouble;
  if (why.empty() && in_use != nullptr && digest == before.digest) {
    pending_[files] = {in_use, digest, {}};
    return in_use;
  }
  std::shared_ptr<const tls::Certificate> made;
  if (why.empty()) {
    auto parsed = tls::Certificate::parse(texts.cert, texts.key, cert);
    if (parsed.ok()) made = parsed.value();
    if (!parsed.ok()) why = cert + " and " + key + ": " + std::string(parsed.error().detail);
  }
  const Nanoseconds now = wallClockNow();
  if (made != nullptr && in_use != nullptr && !made->validAt(now) && in_use->validAt(now)) {
    why = cert + ": is not valid at this time";
    made = nullptr;
  }
  if (made == nullptr && in_use != nullptr) {
    pending_[files] = {in_use, before.digest, std::move(why)};
    why.clear();
    return in_use;
  }
  pending_[files] = {made, digest, {}};
  return made;
}

void CertificateStore::commit() {
  for (auto& [files, fresh] : pending_) {
    Entry& entry = entries_[files];
    // Told once: a file that stays bad is read with every reload.
    if (!fresh.trouble.empty() && fresh.trouble != entry.trouble) {
      refreshes_.troubles.push_back(fresh.trouble);
    }
    if (!entry.digest.empty() && fresh.digest != entry.digest) ++refreshes_.renewed;
    entry = std::move(fresh);
  }
  pending_.clear();
  std::erase_if(entries_, [](const auto& each) { return each.second.certificate.expired(); });
}

}  // namespace weir::server
