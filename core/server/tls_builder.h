#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "core/config/mistakes.h"
#include "core/http/version_choice.h"
#include "core/server/certificate_store.h"
#include "core/server/tls_settings.h"
#include "core/tls/client_terms.h"
#include "core/tls/server_terms.h"

namespace weir::server {

// Makes TLS contexts of settings: reads the files that they name, and checks what is in them.
//
// Thread: the control thread.
class TlsBuilder {
 public:
  TlsBuilder();

  // Null, with every mistake recorded, when a file cannot be used. `versions`: of HTTP, to agree
  // on; without any nothing is agreed on.
  std::shared_ptr<const tls::ServerTerms> server(const ListenerTlsSettings& settings,
                                                 std::optional<http::VersionChoice> versions,
                                                 event::SharedCount& handshakes,
                                                 config::Mistakes& mistakes);
  // `looked_up`: the name that discovery asks for; empty for addresses.
  std::shared_ptr<const tls::ClientTerms> client(const UpstreamTlsSettings& settings,
                                                 http::VersionChoice versions,
                                                 std::string_view looked_up,
                                                 config::Mistakes& mistakes);

  // Every plan begins by loading its certificates; these end with it.
  CertificateStore& certificates() { return certificates_; }

 private:
  CertificateStore certificates_;
  // For listeners that name no secrets; every plan has the same, so that sessions outlive reloads.
  const std::shared_ptr<const tls::TicketKeys> own_tickets_;
  // The system's roots, read once: they take megabytes.
  std::shared_ptr<const tls::Verifier> system_;
};

}  // namespace weir::server
