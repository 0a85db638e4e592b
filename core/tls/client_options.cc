#include "core/tls/client_options.h"

#include "core/config/table.h"
#include "core/tls/demands.h"

namespace weir::tls {

void ClientOptions::read(config::Table& table, ClientOptions& out) {
  table.read("server_name", out.server_name,
             "Server name for SNI and certificate verification. Default: the name that discovery "
             "resolves.");
  table.read("ca", out.ca,
             "PEM file with the trusted CA certificates. Default: those of the system.");
  table.read(
      "crl", out.crl,
      "PEM file with certificate revocation lists, one for every issuer of the endpoint's chain.");
  table.read("cert", out.cert,
             "PEM file with the client certificate, followed by its intermediates.");
  table.read("key", out.key, "PEM file with the unencrypted private key.");
  table.read(
      "workload_identity", out.workload_identity,
      "Whether to present the SPIFFE identity of this node, which `identity.spiffe` obtains, "
      "instead of cert and key, and to verify endpoints by the bundle of their trust domain, "
      "instead of ca. Without names, any workload of this node's own domain is accepted.");
  table.read("names", out.names,
             "Subject alternative names, at least one of which an endpoint's certificate must "
             "have, instead of server_name: \"spiffe://example.org/ns/shop/sa/cart\".");
  table.renamed("hashes", "certificate_sha256");
  table.read(
      "certificate_sha256", out.certificate_sha256,
      "SHA-256 fingerprints, in hexadecimal, of the accepted endpoint certificates. Default: any.");
  table.read("insecure", out.insecure,
             "Whether to skip verification of the endpoint's certificate.");
  if (out.cert.has_value() != out.key.has_value()) {
    table.fail(out.cert ? "cert" : "key", "cert and key go together");
  }
  if (out.workload_identity && (out.cert || out.key || out.ca || out.crl)) {
    table.fail("workload_identity", "replaces cert, key, ca and crl");
  }
  checkNames(table, "names", out.names);
  readHashes(table, "certificate_sha256", out.certificate_sha256);
  const bool checks = out.workload_identity || out.ca || out.crl || !out.names.empty() ||
                      !out.certificate_sha256.empty();
  if (out.insecure && checks) table.fail("insecure", "nothing would be checked");
  table.locate(out.origin);
}

}  // namespace weir::tls
