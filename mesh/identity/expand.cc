#include "mesh/identity/expand.h"

#include <algorithm>

#include "core/config/file_text.h"
#include "core/config/settings.h"
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
  if (identity.spiffe) {
    tls.workload_identity = true;
  } else {
    tls.ca = identity.trust;
    tls.cert = identity.cert;
    tls.key = identity.key;
    tls.node = true;
  }
  tls.names = {*upstream.identity};
  tls.origin.location = upstream.origin.location;
  upstream.tls = std::move(tls);
  if (upstream.protocol == http::VersionChoice::kAuto) {
    upstream.protocol = http::VersionChoice::kHttp2;
  }
  upstream.identity.reset();
}

void refuseWorkloadIdentity(const server::Settings& settings, config::Diagnostics& diagnostics) {
  const auto refuse = [&](const config::Origin& origin) {
    diagnostics.add({origin.location,
                     origin.path + ".workload_identity",
                     "needs `spiffe` in [identity], which obtains the identity of this node",
                     {}});
  };
  for (const proxy::ListenerOptions& each : settings.listeners) {
    if (each.tls_options && each.tls_options->workload_identity) refuse(each.tls_options->origin);
  }
  for (const auto& [name, each] : settings.upstreams) {
    if (each.tls && each.tls->workload_identity) refuse(each.tls->origin);
  }
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
  if (identity && !identity->spiffe && !trustDomain(*identity, diagnostics)) return;
  if (!identity || !identity->spiffe) refuseWorkloadIdentity(settings, diagnostics);
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

void addAuthority(const IdentitySettings& identity, const server::Registry& registry,
                  server::Settings& settings, config::Diagnostics& diagnostics) {
  const http::Target& authority = *identity.authority;
  settings.own_calls.push_back({authority, false, authority.origin});
  const std::string name = authority.upstreamName();
  const bool known = std::any_of(settings.upstreams.begin(), settings.upstreams.end(),
                                 [&](const auto& each) { return each.first == name; });
  if (!authority.url || known) return;
  const http::Url url = *http::Url::parse(*authority.url);
  const config::Address address{.host = url.host, .port = url.port, .unix_path = {}};
  const std::string text = "discovery = { dns = \"" + address.text() + "\" }\ntls = {}\n";
  upstream::ClusterOptions upstream;
  auto document = config::Document::parse(text, authority.origin.location.file, diagnostics);
  config::readSettings(document, registry.extensions(), upstream, diagnostics);
  upstream.origin = upstream.discovery_origin = authority.origin;
  upstream.tls->ca = identity.trust;
  upstream.tls->cert = identity.cert;
  upstream.tls->key = identity.key;
  upstream.tls->origin = authority.origin;
  settings.upstreams.emplace_back(name, std::move(upstream));
}

void secureListener(const IdentitySettings& identity, const std::string& domain,
                    tls::Plaintext plaintext, proxy::ListenerOptions& listener) {
  tls::ServerOptions tls;
  tls.client_certificate = tls::ClientCertificate::kRequired;
  if (identity.spiffe) {
    tls.workload_identity = true;
    tls.client_trust_domains = identity.spiffe->trust_domains;
  } else {
    tls.certificates = {{identity.cert, identity.key, std::nullopt, true, {identity.location}}};
    tls.client_ca = identity.trust;
    tls.client_names = {domain};
  }
  tls.plaintext = plaintext;
  tls.origin.location = identity.location;
  listener.tls_options = std::move(tls);
  listener.forwarded_client_cert = proxy::ClientCertMode::kAppend;
}

}  // namespace weir::mesh
