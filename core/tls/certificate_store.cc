#include "core/tls/certificate_store.h"

#include <set>

#include "core/config/file_text.h"
#include "core/tls/digest.h"

namespace weir::tls {
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
  return sha256(asBytes(texts.cert)) + sha256(asBytes(texts.key));
}

std::shared_ptr<const Certificate> usable(const Texts& texts, const CertificateStore::Pair& pair,
                                          std::string& why) {
  auto parsed = Certificate::parse(texts.cert, texts.key, pair.cert);
  if (!parsed.ok()) {
    why = pair.cert + " and " + pair.key + ": " + std::string(parsed.error().detail);
    return nullptr;
  }
  const std::string_view fault = parsed.value()->faultFor(pair.use);
  if (fault.empty()) return parsed.value();
  why = pair.cert + ": " + std::string(fault);
  return nullptr;
}

}  // namespace

std::shared_ptr<const Certificate> CertificateStore::load(const Pair& pair, std::string& why) {
  const auto& [cert, key, use] = pair;
  const Files files{cert, key, use};
  const Entry& before = entries_[files];
  auto in_use = before.certificate.lock();
  const Texts texts = readTexts(cert, key);
  const std::string digest = digestOf(texts);
  why = texts.trouble;
  if (why.empty() && in_use != nullptr && digest == before.digest) {
    pending_[files] = {in_use, digest, {}};
    return in_use;
  }
  std::shared_ptr<const Certificate> made;
  if (why.empty()) made = usable(texts, pair, why);
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
  std::set<std::string> renewed;
  for (auto& [files, fresh] : pending_) {
    Entry& entry = entries_[files];
    // Reported once: a file that stays invalid is read with every reload.
    if (!fresh.trouble.empty() && fresh.trouble != entry.trouble) {
      refreshes_.troubles.push_back(fresh.trouble);
    }
    if (!entry.digest.empty() && fresh.digest != entry.digest) renewed.insert(std::get<0>(files));
    entry = std::move(fresh);
  }
  refreshes_.renewed += static_cast<unsigned>(renewed.size());
  pending_.clear();
  std::erase_if(entries_, [](const auto& each) { return each.second.certificate.expired(); });
}

}  // namespace weir::tls
