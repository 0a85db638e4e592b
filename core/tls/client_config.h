#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/tls/certificate.h"
#include "core/tls/verifier.h"

namespace weir::tls {

// The loaded parameters of a cluster's handshakes.
struct ClientSetup {
  std::vector<std::string> protocols;       // offered by ALPN, in order
  std::shared_ptr<const Verifier> servers;  // null: any server is trusted
  std::string server_name;                  // for SNI and verification; an IP address is not sent
  bool check_server_name = true;            // false: the check by `servers` suffices
  std::shared_ptr<const Certificate> own;   // sent to servers that request it; may be null
};

// The TLS configuration of a cluster. Immutable; shared by all workers.
class ClientConfig {
 public:
  explicit ClientConfig(ClientSetup setup);
  ~ClientConfig();
  ClientConfig(const ClientConfig&) = delete;
  ClientConfig& operator=(const ClientConfig&) = delete;

  const ClientSetup& options() const { return options_; }
  // The name for which a server's certificate must be valid; empty: any.
  std::string_view checkedName() const;
  // A digest of what a session depends on: weir's certificate, and the requirements on the peer. A
  // session of another scope must not be offered: the peer would attribute weir's former identity
  // to it.
  const std::string& scope() const { return scope_; }
  // Whether a connection made under these terms also satisfies `other`.
  bool sameAs(const ClientConfig& other) const;
  // Whether the server of a live connection, made under these terms or others, satisfies today's
  // requirements. Thread: any.
  Verifier::Verdict judgeAgain(const net::Security& security) const;
  // A copy without ALPN, for tunnels, which negotiate no version of HTTP.
  std::shared_ptr<const ClientConfig> withoutProtocols() const;

  struct Parts;
  const Parts& parts() const { return *parts_; }

 private:
  const ClientSetup options_;
  const std::string scope_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace weir::tls
