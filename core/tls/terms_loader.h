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

namespace weir::tls {

// Makes terms of options: reads the files that they name, and checks what is in them.
//
// Thread: the control thread.
class TermsLoader {
 public:
  TermsLoader();

  // What a listener adds to its options.
  struct Listener {
    std::vector<std::string> protocols;  // to agree on; without any nothing is agreed on
    std::string_view plain_http_reply;   // static; see ServerSetup
    event::SharedCount& handshakes;
  };
  // Null, with every mistake recorded, when a file cannot be used.
  std::shared_ptr<const ServerConfig> server(const ServerOptions& options, Listener listener,
                                             config::Diagnostics& diagnostics);

  // What an upstream adds to its options.
  struct Upstream {
    std::vector<std::string> protocols;
    std::string_view looked_up;  // the name that discovery asks for; empty for addresses
  };
  std::shared_ptr<const ClientConfig> client(const ClientOptions& options, Upstream upstream,
                                             config::Diagnostics& diagnostics);

  // Every plan begins by loading its certificates; these end with it.
  CertificateStore& certificates() { return certificates_; }

 private:
  CertificateStore certificates_;
  // For listeners that name no secrets; every plan has the same, so that sessions outlive reloads.
  const std::shared_ptr<const TicketKeys> own_tickets_;
  // The system's roots, read once: they take megabytes.
  std::shared_ptr<const Verifier> system_;
};

}  // namespace weir::tls
