#include "core/tls/server_options.h"

#include "core/config/table.h"
#include "core/tls/demands.h"
#include "core/tls/ticket_keys.h"

namespace weir::tls {
namespace {

using namespace std::chrono_literals;

constexpr std::pair<std::string_view, Version> kVersions[] = {{"1.2", Version::k12},
                                                              {"1.3", Version::k13}};
constexpr std::pair<std::string_view, ClearText> kClearText[] = {{"refuse", ClearText::kRefuse},
                                                                 {"allow", ClearText::kAllow}};
constexpr std::pair<std::string_view, UnknownNames> kUnknownNames[] = {
    {"first", UnknownNames::kFirst}, {"refuse", UnknownNames::kRefuse}};
constexpr std::pair<std::string_view, ClientCertificate> kClientCertificates[] = {
    {"none", ClientCertificate::kNone},
    {"optional", ClientCertificate::kOptional},
    {"required", ClientCertificate::kRequired}};

}  // namespace

void CertificateFiles::read(config::Table& table, CertificateFiles& out) {
  table.read("cert", out.cert, "PEM: the certificate, then those that lead to a root.",
             {.required = true});
  table.read("key", out.key, "PEM: its private key, not encrypted.", {.required = true});
  table.read("ocsp", out.ocsp,
             "DER: what the issuer says of its state, shown to clients as long as it holds.");
  table.locate(out.origin, "cert");
}

void ServerOptions::read(config::Table& table, ServerOptions& out) {
  table.read("certificates", out.certificates,
             "Chosen by the name that a client asks for; of two for one name, by the kind of key "
             "that it can check. Read anew when a file changes.",
             {.min_size = 1, .required = true});
  table.read("min_version", out.min_version, kVersions, "The oldest version of TLS.");
  table.read("max_version", out.max_version, kVersions, "The newest version of TLS.");
  table.read("unknown_names", out.unknown_names, kUnknownNames,
             "Clients that ask for another name, or for none: shown the first certificate, or "
             "refused.");
  table.read("client_certificate", out.client_certificate, kClientCertificates,
             "Whether clients show a certificate.");
  table.read("client_ca", out.client_ca, "PEM: the roots of clients' certificates.");
  table.read("client_crl", out.client_crl,
             "PEM: certificates that are revoked; a list of every issuer.");
  table.read(
      "client_names", out.client_names,
      "Names that a client's certificate may have, one of them at least: "
      "\"spiffe://example.org/ns/shop/*\", \"cart.example.org\", \"*.example.org\". Default: "
      "any.");
  table.read("client_hashes", out.client_hashes,
             "SHA-256 of the certificates that clients may show, in hexadecimal. Default: any.");
  table.read("clear", out.clear, kClearText,
             "Connections that do not begin with TLS. allow: they are served in the clear, and so "
             "is a client that says nothing for the handshake_timeout.");
  table.read("handshake_timeout", out.handshake_timeout, "For a handshake.",
             {.min = 1ms, .max = 1h});
  table.read("max_handshakes", out.max_handshakes,
             "Handshakes under way; more connections are closed. 0: no limit.");
  table.read("ticket_secrets", out.ticket_secrets,
             "Secrets of 32 bytes and more that a fleet shares, so that any of its processes can "
             "resume a session: the first seals, all open. Default: one of the process's own.");
  table.read("early_data", out.early_data,
             "Whether a client that comes back may send GET, HEAD and OPTIONS before the handshake "
             "is over: faster, but others can send a copy. The upstream reads Early-Data: 1; other "
             "methods get 425.");
  if (out.min_version > out.max_version) table.fail("min_version", "is above max_version");
  const bool asks = out.client_certificate != ClientCertificate::kNone;
  if (asks && !out.client_ca) table.fail("client_certificate", "needs client_ca");
  if (!asks && out.client_ca) table.fail("client_ca", "needs client_certificate");
  if (!asks && !out.client_names.empty()) table.fail("client_names", "needs client_certificate");
  if (!asks && !out.client_hashes.empty()) table.fail("client_hashes", "needs client_certificate");
  checkNames(table, "client_names", out.client_names);
  readHashes(table, "client_hashes", out.client_hashes);
  for (std::size_t i = 0; i < out.ticket_secrets.size(); ++i) {
    if (out.ticket_secrets[i].reveal().size() >= TicketKeys::kSecretBytes) continue;
    table.failElement("ticket_secrets", i, "has less than 32 bytes");
  }
  table.locate(out.origin, "certificates");
}

}  // namespace weir::tls
