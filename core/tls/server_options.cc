#include "core/tls/server_options.h"

#include "core/config/table.h"
#include "core/tls/demands.h"
#include "core/tls/ticket_keys.h"

namespace weir::tls {
namespace {

using namespace std::chrono_literals;

constexpr std::pair<std::string_view, Version> kVersions[] = {{"1.2", Version::k12},
                                                              {"1.3", Version::k13}};
constexpr std::pair<std::string_view, Plaintext> kPlaintext[] = {
    {"refuse", Plaintext::kRefuse}, {"allow", Plaintext::kAllow}, {"audit", Plaintext::kAudit}};
constexpr std::pair<std::string_view, UnknownNames> kUnknownNames[] = {
    {"first", UnknownNames::kFirst}, {"refuse", UnknownNames::kRefuse}};
constexpr std::pair<std::string_view, ClientCertificate> kClientCertificates[] = {
    {"none", ClientCertificate::kNone},
    {"optional", ClientCertificate::kOptional},
    {"required", ClientCertificate::kRequired}};

void checkWorkloadIdentity(config::Table& table, const ServerOptions& options) {
  const bool workload = options.workload_identity;
  if (!workload && options.certificates.empty()) table.fail("certificates", "is required");
  if (workload && !options.certificates.empty()) {
    table.fail("workload_identity", "replaces certificates: only one of them can be given");
  }
  if (workload && (options.client_ca || options.client_crl)) {
    table.fail("workload_identity", "replaces client_ca and client_crl");
  }
  if (options.client_trust_domains.empty()) return;
  if (!workload) table.fail("client_trust_domains", "needs workload_identity");
  if (!options.client_names.empty()) {
    table.fail("client_trust_domains", "has no effect with client_names, which may name them");
  }
  checkTrustDomains(table, "client_trust_domains", options.client_trust_domains);
}

void readClients(config::Table& table, ServerOptions& out) {
  table.read(
      "client_certificate", out.client_certificate, kClientCertificates,
      "Whether to request a client certificate: none, optional (verified if sent) or required.");
  table.read("client_ca", out.client_ca,
             "PEM file with the CA certificates that verify client certificates.");
  table.read("client_crl", out.client_crl,
             "PEM file with certificate revocation lists, one for every issuer.");
  table.read(
      "client_names", out.client_names,
      "Subject alternative names, at least one of which a client certificate must have: "
      "\"spiffe://example.org/ns/shop/*\", \"cart.example.org\", \"*.example.org\". Default: any.");
  table.read("client_trust_domains", out.client_trust_domains,
             "Federated trust domains, such as \"partner.example\", all of whose workloads are "
             "accepted beside those of this node's own domain. Only with workload_identity, and "
             "without client_names.");
  table.renamed("client_hashes", "client_certificate_sha256");
  table.read(
      "client_certificate_sha256", out.client_certificate_sha256,
      "SHA-256 fingerprints, in hexadecimal, of the accepted client certificates. Default: any.");
}

void checkClients(config::Table& table, ServerOptions& out) {
  const bool asks = out.client_certificate != ClientCertificate::kNone;
  if (asks && !out.client_ca && !out.workload_identity) {
    table.fail("client_certificate", "needs client_ca");
  }
  if (!asks && out.client_ca) table.fail("client_ca", "needs client_certificate");
  if (!asks && !out.client_names.empty()) table.fail("client_names", "needs client_certificate");
  if (!asks && !out.client_certificate_sha256.empty())
    table.fail("client_certificate_sha256", "needs client_certificate");
  checkNames(table, "client_names", out.client_names);
  readHashes(table, "client_certificate_sha256", out.client_certificate_sha256);
}

}  // namespace

void CertificateFiles::read(config::Table& table, CertificateFiles& out) {
  table.read("cert", out.cert, "PEM file with the certificate, followed by its intermediates.",
             {.required = true});
  table.read("key", out.key, "PEM file with the unencrypted private key.", {.required = true});
  table.read("ocsp", out.ocsp,
             "DER file with an OCSP response, stapled to handshakes while it is valid.");
  table.locate(out.origin, "cert");
}

void ServerOptions::read(config::Table& table, ServerOptions& out) {
  table.read("certificates", out.certificates,
             "Certificates, selected by SNI and, among several for one name, by the key types that "
             "the client supports. Reloaded when a file changes. Required without "
             "workload_identity.");
  table.read(
      "workload_identity", out.workload_identity,
      "Whether to present the SPIFFE identity of this node, which `identity.spiffe` obtains, "
      "instead of certificates, and to verify clients by the bundles of their trust "
      "domains, instead of client_ca.");
  table.read("min_version", out.min_version, kVersions, "Minimum TLS version.");
  table.read("max_version", out.max_version, kVersions, "Maximum TLS version.");
  table.renamed("unknown_names", "unknown_sni");
  table.read("unknown_sni", out.unknown_sni, kUnknownNames,
             "Handling of clients whose SNI is absent or matches no certificate. first: present "
             "the first certificate. refuse: abort the handshake.");
  readClients(table, out);
  table.renamed("clear", "plaintext");
  table.read(
      "plaintext", out.plaintext, kPlaintext,
      "Handling of connections that do not begin with a TLS handshake. refuse: close them, "
      "after a response of 400 to plain HTTP. allow: serve them in plaintext, including "
      "clients that send nothing within handshake_timeout. audit: like allow, and log clients "
      "that refuse would turn away, if client certificates are requested.");
  table.read("handshake_timeout", out.handshake_timeout, "Time limit for the TLS handshake.",
             {.min = 1ms, .max = 1h});
  table.read(
      "max_handshakes", out.max_handshakes,
      "Maximum number of concurrent TLS handshakes. Further connections are closed. 0: no limit.");
  table.read("ticket_secrets", out.ticket_secrets,
             "Secrets of at least 32 bytes from which session ticket keys are derived. Processes "
             "that share them can resume each other's sessions. The first encrypts tickets; all of "
             "them decrypt. Default: a random secret of the process.");
  table.read(
      "early_data", out.early_data,
      "Whether to accept TLS 1.3 early data for GET, HEAD and OPTIONS; other methods are rejected "
      "with 425. An attacker can replay early data, so the upstream receives Early-Data: 1.");
  if (out.min_version > out.max_version) table.fail("min_version", "is above max_version");
  checkWorkloadIdentity(table, out);
  checkClients(table, out);
  for (std::size_t i = 0; i < out.ticket_secrets.size(); ++i) {
    if (out.ticket_secrets[i].reveal().size() >= TicketKeys::kSecretBytes) continue;
    table.failElement("ticket_secrets", i, "has less than 32 bytes");
  }
  table.locate(out.origin, "certificates");
}

}  // namespace weir::tls
