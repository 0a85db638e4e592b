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

// The options of a listener, with what was loaded for them.
struct ServerSetup : ServerOptions {
  std::vector<std::string> protocols = {};       // for ALPN, the one that we like best first
  std::shared_ptr<const Verifier> clients = {};  // with a client certificate
  // Handshakes under way, of all workers; it outlives the terms. Null: they are not counted.
  event::SharedCount* handshakes = nullptr;
  // What a client reads that speaks HTTP without TLS, in the clear; empty: it gets an alert.
  // Static.
  std::string_view plain_http_reply = {};
  std::map<const Certificate*, OcspStaple> staples = {};  // shown with the certificates

  bool refusesUnknownNames() const { return unknown_sni == UnknownNames::kRefuse; }
};

// How a listener's handshakes go: certificates, versions, tickets. Immutable; shared by all
// workers. Connections keep the one that they began with.
class ServerConfig {
 public:
  // `certificates` holds one at least.
  ServerConfig(ServerSetup setup, CertificateSet certificates,
               std::shared_ptr<const TicketKeys> tickets);
  ~ServerConfig();
  ServerConfig(const ServerConfig&) = delete;
  ServerConfig& operator=(const ServerConfig&) = delete;

  const ServerSetup& options() const { return options_; }
  const CertificateSet& certificates() const { return certificates_; }
  // A digest of what a connection rests on: what is asked of clients, who we are to them, and which
  // versions are spoken. A certificate that is renewed with its names does not change it.
  const std::string& scope() const { return scope_; }

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
