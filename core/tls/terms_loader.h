#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/diagnostics.h"
#include "core/tls/certificate_store.h"
#include "core/tls/client_config.h"
#include "core/tls/client_options.h"
#include "core/tls/server_config.h"
#include "core/tls/server_options.h"
#include "core/tls/workload_identity.h"

namespace weir::tls {

// Makes TLS terms from options: reads and checks the files that they name.
//
// Thread: the control thread.
class TermsLoader {
 public:
  TermsLoader();

  // What a listener adds to its options.
  struct Listener {
    std::vector<std::string> protocols;  // for ALPN; empty: none is negotiated
    std::string_view plain_http_reply;   // static; see ServerSetup
    event::SharedCount& handshakes;
  };
  // Null if a file cannot be used; every error is recorded.
  std::shared_ptr<const ServerConfig> server(const ServerOptions& options, Listener listener,
                                             config::Diagnostics& diagnostics);

  // What an upstream adds to its options.
  struct Upstream {
    std::vector<std::string> protocols;
    std::string_view looked_up;  // the name that discovery resolves; empty for addresses
  };
  std::shared_ptr<const ClientConfig> client(const ClientOptions& options, Upstream upstream,
                                             config::Diagnostics& diagnostics);

  // The identity for options with `workload_identity`, from the next plan on; null: there is none.
  void setWorkload(std::shared_ptr<const WorkloadIdentity> workload) {
    workload_ = std::move(workload);
  }

  // Every plan begins by loading its certificates, and ends with commit() or rollBack().
  CertificateStore& certificates() { return certificates_; }

 private:
  std::shared_ptr<const ServerConfig> workloadServer(ServerSetup setup) const;
  std::shared_ptr<const Verifier> workloadVerifier(const std::vector<std::string>& names,
                                                   const std::vector<std::string>& hashes) const;
  std::vector<std::string> ownDomain() const;
  std::vector<std::string> acceptedNames(const ServerOptions& options) const;
  std::shared_ptr<const TicketKeys> ticketsFor(const ServerOptions& options) const;

  CertificateStore certificates_;
  std::shared_ptr<const WorkloadIdentity> workload_;
  // For listeners without secrets; all plans share it, so that sessions survive reloads.
  const std::shared_ptr<const TicketKeys> own_tickets_;
  // The system's root certificates, read once, because they take megabytes.
  std::shared_ptr<const Verifier> system_;
};

}  // namespace weir::tls
