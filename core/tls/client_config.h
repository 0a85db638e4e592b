#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/tls/certificate.h"
#include "core/tls/verifier.h"

namespace weir::tls {

// What the handshakes of a cluster are made of, once it is loaded.
struct ClientSetup {
  std::vector<std::string> protocols;       // offered by ALPN, in order
  std::shared_ptr<const Verifier> servers;  // null: whoever answers is believed
  std::string server_name;                  // for SNI and the check; an IP address is not sent
  bool check_server_name = true;            // false: what `servers` asks for suffices
  std::shared_ptr<const Certificate> own;   // shown to servers that ask; may be null
};

// How a cluster's handshakes go. Immutable; shared by all workers.
class ClientConfig {
 public:
  explicit ClientConfig(ClientSetup setup);
  ~ClientConfig();
  ClientConfig(const ClientConfig&) = delete;
  ClientConfig& operator=(const ClientConfig&) = delete;

  const ClientSetup& options() const { return options_; }
  // A digest of what a session depends on: who we are, and what is asked of the peer. A session of
  // another one must not be offered: the peer would take us for who we were.
  const std::string& scope() const { return scope_; }
  // Whether a connection made under these terms is as `other` wants it.
  bool sameAs(const ClientConfig& other) const;
  // The same for tunnels, which are no HTTP and agree on no version of it.
  std::shared_ptr<const ClientConfig> withoutProtocols() const;

  struct Parts;
  const Parts& parts() const { return *parts_; }

 private:
  const ClientSetup options_;
  const std::string scope_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace weir::tls
