#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/event/shared_count.h"
#include "core/tls/certificate_set.h"
#include "core/tls/staple.h"
#include "core/tls/ticket_keys.h"
#include "core/tls/verifier.h"

namespace weir::tls {

enum class Version : std::uint8_t { k12, k13 };
enum class ClientCertificate : std::uint8_t { kNone, kOptional, kRequired };

struct ServerOptions {
  Version min_version = Version::k12;
  Version max_version = Version::k13;
  std::vector<std::string> protocols;  // for ALPN, the one that we like best first
  // A name that no certificate holds for: refused, instead of shown the first certificate.
  bool refuse_unknown_names = false;
  ClientCertificate client_certificate = ClientCertificate::kNone;
  std::shared_ptr<const Verifier> clients;  // with a client certificate
  Milliseconds handshake_timeout{10'000};
  // Handshakes under way, of all workers; it outlives the terms. Null: they are not counted.
  event::SharedCount* handshakes = nullptr;
  std::uint64_t max_handshakes = 0;  // 0: no limit
  // Whether a client that resumes a session may send before the handshake is over.
  bool early_data = false;
  // What a client reads that speaks HTTP without TLS, in the clear; empty: it gets an alert.
  // Static.
  std::string_view plain_http_reply;
  std::map<const Certificate*, Staple> staples;  // shown with the certificates
};

// How a listener's handshakes go: certificates, versions, tickets. Immutable; shared by all
// workers. Connections keep the one that they began with.
class ServerTerms {
 public:
  // `certificates` holds one at least.
  ServerTerms(ServerOptions options, CertificateSet certificates,
              std::shared_ptr<const TicketKeys> tickets);
  ~ServerTerms();
  ServerTerms(const ServerTerms&) = delete;
  ServerTerms& operator=(const ServerTerms&) = delete;

  const ServerOptions& options() const { return options_; }
  const CertificateSet& certificates() const { return certificates_; }
  // A digest of what a connection rests on: what is asked of clients, who we are to them, and which
  // versions are spoken. A certificate that is renewed with its names does not change it.
  const std::string& scope() const { return scope_; }

  struct Parts;
  const Parts& parts() const { return *parts_; }
  const TicketKeys& tickets() const { return *tickets_; }

 private:
  const ServerOptions options_;
  const CertificateSet certificates_;
  const std::string scope_;
  const std::shared_ptr<const TicketKeys> tickets_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace weir::tls
