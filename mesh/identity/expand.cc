#include "mesh/identity/expand.h"

#include "core/config/file_text.h"
#include "core/proxy/listener_options.h"
#include "core/tls/certificate.h"
#include "core/tls/client_options.h"
#include "core/tls/spiffe_id.h"
#include "core/upstream/cluster_options.h"

namespace weir::mesh {
namespace {

void secureUpstream(const IdentitySettings& identity, std::string_view name,
                    upstream::ClusterOptions& upstream) {
  tls::ClientOptions tls;
  tls.server_name = std::string(name);
  tls.ca = identity.trust;
  tls.cert = identity.cert;
  tls.key = identity.key;
  tls.node = true;
  tls.names = {*upstream.identity};
  tls.origin.location = upstream.origin.location;
  upstream.tls = std::move(tls);
  if (upstream.protocol == http::VersionChoice::kAuto) {
    upstream.protocol = http::VersionChoice::kHttp2;
  }
  upstream.identity.reset();
}

}  // namespace

std::optional<std::string> trustDomain(const IdentitySettings& identity,
                                       config::Diagnostics& diagnostics) {
  const auto fail = [&](const std::string& what) {
    diagnostics.add({identity.location, "identity.cert", identity.cert.path + ": " + what, {}});
    return std::nullopt;
  };
  const config::FileText file = config::readFileText(identity.cert.path);
  if (!file.error.empty()) return fail(file.error);
  const auto certificate = tls::Certificate::describe(file.text);
  if (!certificate.ok()) return fail(std::string(certificate.error().detail));
  const std::string_view fault = certificate.value()->faultFor(tls::Certificate::Use::kNodeClient);
  if (!fault.empty()) return fail(std::string(fault));
  return std::string(tls::kSpiffeScheme) +
         std::string(tls::trustDomainOf(certificate.value()->identity())) + "/*";
}

void expandUpstreams(const std::optional<IdentitySettings>& identity, server::Settings& settings,
                     config::Diagnostics& diagnostics) {
  if (identity && !trustDomain(*identity, diagnostics)) return;
  for (auto& [name, upstream] : settings.upstreams) {
    if (!upstream.identity) continue;
    if (identity) {
      secureUpstream(*identity, name, upstream);
    } else {
      diagnostics.add({upstream.origin.location,
                       "upstream." + name + ".identity",
                       "needs [identity], the identity of this node",
                       {}});
    }
  }
}

void secureListener(const IdentitySettings& identity, const std::string& domain,
                    tls::Plaintext plaintext, proxy::ListenerOptions& listener) {
  tls::ServerOptions tls;
  tls.certificates = {{identity.cert, identity.key, std::nullopt, true, {identity.location}}};
  tls.client_certificate = tls::ClientCertificate::kRequired;
  tls.client_ca = identity.trust;
  tls.client_names = {domain};
  tls.plaintext = plaintext;
  tls.origin.location = identity.location;
  listener.tls_options = std::move(tls);
  listener.forwarded_client_cert = proxy::ClientCertMode::kAppend;
}

}  // namespace weir::mesh
