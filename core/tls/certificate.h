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

// A certificate chain and the private key of its leaf, parsed and known to belong together.
// Immutable; shared by all workers.
class Certificate {
 public:
  enum class KeyType : std::uint8_t { kEcdsa, kRsa, kEd25519 };
  // The purpose of a certificate. A node's certificate is an X509-SVID, which identifies the node.
  enum class Use : std::uint8_t { kServer, kClient, kNodeServer, kNodeClient };
  struct Parts;  // with BoringSSL's types

  // Both in PEM: the leaf first, then its intermediates; the key unencrypted, of several that of
  // the leaf. `source` describes their origin, for human readers. kInvalid describes what is wrong
  // with them. An expired certificate is not an error here.
  static Result<std::shared_ptr<const Certificate>> parse(std::string_view chain,
                                                          std::string_view key,
                                                          std::string source = {});
  // The same in DER: certificates one after the other, and a key in PKCS #8.
  static Result<std::shared_ptr<const Certificate>> parseDer(std::string_view chain,
                                                             std::string_view key,
                                                             std::string source);
  // Without a key: for inspection only, not for handshakes.
  static Result<std::shared_ptr<const Certificate>> describe(std::string_view chain);
  Certificate(std::unique_ptr<Parts> parts, std::string source);
  ~Certificate();
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  // Why the certificate cannot be used for this purpose; empty if it can. Ignores its dates.
  std::string_view faultFor(Use use) const;

  KeyType keyType() const { return key_type_; }
  // The DNS names of the certificate, in lower case, wildcards as written: "*.example.com".
  const std::vector<std::string>& names() const { return names_.dns; }
  const std::vector<std::string>& addresses() const { return names_.addresses; }
  std::string_view identity() const { return names_.identity(); }  // "spiffe://..."; or empty
  const std::string& subject() const { return subject_; }          // "CN=example.com,O=..."
  const std::string& commonName() const { return common_name_; }
  const std::string& issuer() const { return issuer_; }
  const std::string& source() const { return source_; }
  Nanoseconds notBefore() const { return not_before_; }  // wall-clock time
  Nanoseconds notAfter() const { return not_after_; }
  bool validAt(Nanoseconds wall) const { return wall >= not_before_ && wall < not_after_; }

  const Parts& parts() const { return *parts_; }

 private:
  static Result<std::shared_ptr<const Certificate>> assemble(std::unique_ptr<Parts> parts,
                                                             std::string source);
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
