#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/tls/authority.h"
#include "core/tls/certificate_set.h"
#include "core/tls/verifier.h"

namespace weir::test {

inline constexpr Nanoseconds kHour = std::chrono::hours(1);

// A CA for one test, and valid certificates that it issues.
class TestAuthority {
 public:
  TestAuthority() : root_(tls::makeRoot("test root", now() - kHour, now() + 24 * kHour).value()) {}

  const tls::KeyPair& root() const { return root_; }
  tls::KeyPair issue(const std::vector<std::string>& names,
                     tls::Certificate::KeyType type = tls::Certificate::KeyType::kEcdsa) const {
    tls::CertificateRequest request;
    request.name = names.front();
    request.dns_names = names;
    request.key_type = type;
    return issueFor(std::move(request));
  }
  tls::KeyPair issueFor(tls::CertificateRequest request) const {
    if (request.not_after.count() == 0) {
      request.not_before = now() - kHour;
      request.not_after = now() + kHour;
    }
    return tls::issue(root_, request).value();
  }
  std::shared_ptr<const tls::Certificate> certificate(
      const std::vector<std::string>& names,
      tls::Certificate::KeyType type = tls::Certificate::KeyType::kEcdsa) const {
    return parsed(issue(names, type));
  }
  static std::shared_ptr<const tls::Certificate> parsed(const tls::KeyPair& pair) {
    return tls::Certificate::parse(pair.certificate, pair.key).value();
  }
  std::shared_ptr<const tls::Verifier> verifier(tls::Verifier::Options demands = {}) const {
    demands.roots = root_.certificate;
    return tls::Verifier::make(demands).value();
  }
  static Nanoseconds now() { return wallClockNow(); }

 private:
  tls::KeyPair root_;
};

}  // namespace weir::test
