#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/tls/certificate.h"
#include "core/tls/verifier.h"

namespace weir::tls {

struct ClientOptions {
  std::vector<std::string> protocols;       // offered by ALPN, in order
  std::shared_ptr<const Verifier> servers;  // null: whoever answers is believed
  std::string server_name;                  // for SNI and the check; an IP address is not sent
  std::shared_ptr<const Certificate> own;   // shown to servers that ask; may be null
};

// How a cluster's handshakes go. Immutable; shared by all workers.
class ClientTerms {
 public:
  explicit ClientTerms(ClientOptions options);
  ~ClientTerms();
  ClientTerms(const ClientTerms&) = delete;
  ClientTerms& operator=(const ClientTerms&) = delete;

  const ClientOptions& options() const { return options_; }

  struct Parts;
  const Parts& parts() const { return *parts_; }

 private:
  const ClientOptions options_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace weir::tls
