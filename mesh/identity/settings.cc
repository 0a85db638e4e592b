#include "mesh/identity/settings.h"

#include "core/config/table.h"

namespace weir::mesh {
namespace {

void checkAuthority(config::Table& table, IdentitySettings& settings) {
  if (!settings.authority) return;
  if (settings.spiffe) table.fail("authority", "has no effect with spiffe");
  const auto url = settings.authority->url ? http::Url::parse(*settings.authority->url)
                                           : std::optional<http::Url>();
  if (url && !url->secure) table.fail("authority", "must be a URL with https");
}

}  // namespace

void IdentitySettings::read(config::Table& table, IdentitySettings& out) {
  table.read("cert", out.cert,
             "PEM file with the certificate, whose only URI is a SPIFFE ID "
             "\"spiffe://DOMAIN/...\", followed by its intermediates. Required without spiffe.");
  table.read("key", out.key, "PEM file with the unencrypted private key. Required with cert.");
  table.read("trust", out.trust,
             "PEM file with the CA certificates that verify the certificates of other nodes. "
             "Required with cert.");
  table.read("spiffe", out.spiffe,
             "SPIFFE Workload API, such as a SPIRE agent, that issues and renews the certificate "
             "and the trusted CA certificates, instead of files.");
  table.read("authority", out.authority,
             "URL of `weir ca serve`, \"https://ca.internal:8443\", or { upstream = \"NAME\" }: it "
             "renews the certificate once 70 % of its life are over, and weir replaces the files "
             "cert and key. The URL's host is verified by trust. Default: the files are renewed by "
             "others.");
  checkAuthority(table, out);
  table.exactlyOneOf({"cert", "spiffe"});
  const bool complete = table.has("key") && table.has("trust");
  if (table.has("cert") && !complete) table.fail("cert", "needs key and trust");
  for (const char* key : {"key", "trust"}) {
    if (out.spiffe && table.has(key)) table.fail(key, "has no effect with spiffe");
  }
  out.location = table.location(out.spiffe ? "spiffe" : "cert");
}

}  // namespace weir::mesh
