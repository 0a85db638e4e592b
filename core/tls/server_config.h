#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/event/shared_count.h"
#include "core/tls/certificate_set.h"
#include "core/tls/ocsp_staple.h"
#include "core/tls/server_options.h"
#include "core/tls/ticket_keys.h"
#include "core/tls/verifier.h"

namespace weir::tls {

// The options of a listener, with the data loaded for them.
struct ServerSetup : ServerOptions {
  std::vector<std::string> protocols = {};       // for ALPN, in order of preference
  std::shared_ptr<const Verifier> clients = {};  // verifies client certificates
  // Counts the handshakes in progress of all workers; outlives the terms. Null: they are not
  // counted.
  event::SharedCount* handshakes = nullptr;
  // The plaintext response to a client that sends HTTP without TLS; empty: it gets an alert.
  // Static.
  std::string_view plain_http_reply = {};
  std::map<const Certificate*, OcspStaple> staples = {};  // sent with the certificates

  bool refusesUnknownNames() const { return unknown_sni == UnknownNames::kRefuse; }
};

// The TLS configuration of a listener: certificates, versions, tickets. Immutable; shared by all
// workers. Connections keep the one with which they began.
class ServerConfig {
 public:
  // `certificates` must not be empty, except with `workload_identity`: handshakes fail then.
  ServerConfig(ServerSetup setup, CertificateSet certificates,
               std::shared_ptr<const TicketKeys> tickets);
  ~ServerConfig();
  ServerConfig(const ServerConfig&) = delete;
  ServerConfig& operator=(const ServerConfig&) = delete;

  const ServerSetup& options() const { return options_; }
  const CertificateSet& certificates() const { return certificates_; }
  // A digest of what a connection depends on: the requirements on clients, weir's own names, and
  // the versions of TLS. Renewing a certificate with the same names does not change it.
  const std::string& scope() const { return scope_; }

  // Whether the client of a live connection, made under these terms or others, satisfies today's
  // requirements. Thread: any.
  Verifier::Verdict judgeAgain(const net::Security& security) const;

  struct Parts;
  const Parts& parts() const { return *parts_; }
  const TicketKeys& tickets() const { return *tickets_; }

 private:
  const ServerSetup options_;
  const CertificateSet certificates_;
  const std::string scope_;
  const std::shared_ptr<const TicketKeys> tickets_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace weir::tls
