#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/tls/san_matcher.h"

namespace weir::tls {

// A chain of certificates and the private key of its first, parsed and known to belong together.
// Immutable; shared by all workers.
class Certificate {
 public:
  enum class KeyType : std::uint8_t { kEcdsa, kRsa, kEd25519 };
  // What a certificate is shown for. That of a node is an X509-SVID: it says who the node is.
  enum class Use : std::uint8_t { kServer, kClient, kNodeServer, kNodeClient };
  struct Parts;  // in BoringSSL's terms

  // Both in PEM: our certificate first, then those that lead to a root; the key not encrypted.
  // `source` says where they come from, for people. kInvalid says what is wrong with them. A date
  // that has passed is no error here.
  static Result<std::shared_ptr<const Certificate>> parse(std::string_view chain,
                                                          std::string_view key,
                                                          std::string source = {});
  // Without a key: to look at, not to be shown to anybody.
  static Result<std::shared_ptr<const Certificate>> describe(std::string_view chain);
  Certificate(std::unique_ptr<Parts> parts, std::string source);
  ~Certificate();
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  // What keeps it from being shown for this; empty if nothing does. The dates are not looked at.
  std::string_view faultFor(Use use) const;

  KeyType keyType() const { return key_type_; }
  // The DNS names it holds for, in lower case, wildcards as they are written: "*.example.com".
  const std::vector<std::string>& names() const { return names_.dns; }
  const std::vector<std::string>& addresses() const { return names_.addresses; }
  std::string_view identity() const { return names_.identity(); }  // "spiffe://..."; or empty
  const std::string& subject() const { return subject_; }          // "CN=example.com,O=..."
  const std::string& commonName() const { return common_name_; }
  const std::string& issuer() const { return issuer_; }
  const std::string& source() const { return source_; }
  Nanoseconds notBefore() const { return not_before_; }  // of the wall clock
  Nanoseconds notAfter() const { return not_after_; }
  bool validAt(Nanoseconds wall) const { return wall >= not_before_ && wall < not_after_; }

  const Parts& parts() const { return *parts_; }

 private:
  bool isTaken() const;

  const std::unique_ptr<Parts> parts_;
  const std::string source_;
  KeyType key_type_ = KeyType::kEcdsa;
  Names names_;
  std::string subject_;
  std::string common_name_;
  std::string issuer_;
  Nanoseconds not_before_{0};
  Nanoseconds not_after_{0};
};

}  // namespace weir::tls
