#include "core/server/tls_settings.h"

#include "core/base/lower_case.h"

namespace weir::server {
namespace {

using namespace std::chrono_literals;

constexpr std::pair<std::string_view, tls::Version> kVersions[] = {{"1.2", tls::Version::k12},
                                                                   {"1.3", tls::Version::k13}};
constexpr std::pair<std::string_view, ClearText> kClearText[] = {{"refuse", ClearText::kRefuse},
                                                                 {"allow", ClearText::kAllow}};
constexpr std::pair<std::string_view, UnknownNames> kUnknownNames[] = {
    {"first", UnknownNames::kFirst}, {"refuse", UnknownNames::kRefuse}};
constexpr std::pair<std::string_view, tls::ClientCertificate> kClientCertificates[] = {
    {"none", tls::ClientCertificate::kNone},
    {"optional", tls::ClientCertificate::kOptional},
    {"required", tls::ClientCertificate::kRequired}};

constexpr std::size_t kHashDigits = 64;

void checkNames(config::Table& table, std::string_view key, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string_view fault = tls::faultOfPattern(names[i]);
    if (!fault.empty()) table.failElement(key, i, std::string(fault));
  }
}

// In lower case and without the colons that some tools print.
void readHashes(config::Table& table, std::string_view key, std::vector<std::string>& hashes) {
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    std::string& hash = hashes[i];
    std::erase(hash, ':');
    hash = lowerCase(hash);
    const bool digits = hash.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (hash.size() == kHashDigits && digits) continue;
    table.failElement(key, i, "is no SHA-256: 64 hexadecimal digits");
  }
}

}  // namespace

void CertificateSettings::read(config::Table& table, CertificateSettings& out) {
  table.read("cert", out.cert, "PEM: the certificate, then those that lead to a root.",
             {.required = true});
  table.read("key", out.key, "PEM: its private key, not encrypted.", {.required = true});
  table.read("ocsp", out.ocsp,
             "DER: what the issuer says of its state, shown to clients as long as it holds.");
  out.place = table.place("cert");
  out.path = table.path();
}

void ListenerTlsSettings::read(config::Table& table, ListenerTlsSettings& out) {
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
  const bool asks = out.client_certificate != tls::ClientCertificate::kNone;
  if (asks && !out.client_ca) table.fail("client_certificate", "needs client_ca");
  if (!asks && out.client_ca) table.fail("client_ca", "needs client_certificate");
  if (!asks && !out.client_names.empty()) table.fail("client_names", "needs client_certificate");
  if (!asks && !out.client_hashes.empty()) table.fail("client_hashes", "needs client_certificate");
  checkNames(table, "client_names", out.client_names);
  readHashes(table, "client_hashes", out.client_hashes);
  for (std::size_t i = 0; i < out.ticket_secrets.size(); ++i) {
    if (out.ticket_secrets[i].reveal().size() >= tls::TicketKeys::kSecretBytes) continue;
    table.failElement("ticket_secrets", i, "has less than 32 bytes");
  }
  out.place = table.place("certificates");
  out.path = table.path();
}

void UpstreamTlsSettings::read(config::Table& table, UpstreamTlsSettings& out) {
  table.read("server_name", out.server_name,
             "The name asked for and checked. Default: the one that discovery looks up.");
  table.read("ca", out.ca, "PEM: the roots that are trusted. Default: the system's.");
  table.read("crl", out.crl, "PEM: certificates that are revoked; a list of every issuer.");
  table.read("cert", out.cert, "PEM: our own certificate, for servers that ask for one.");
  table.read("key", out.key, "PEM: its private key, not encrypted.");
  table.read("names", out.names,
             "Names that an endpoint's certificate may have, one of them at least, in place of "
             "server_name: \"spiffe://example.org/ns/shop/sa/cart\".");
  table.read("hashes", out.hashes,
             "SHA-256 of the certificates that endpoints may show, in hexadecimal. Default: any.");
  table.read("insecure", out.insecure, "Believes whoever answers: nothing is checked.");
  if (out.cert.has_value() != out.key.has_value()) {
    table.fail(out.cert ? "cert" : "key", "cert and key go together");
  }
  checkNames(table, "names", out.names);
  readHashes(table, "hashes", out.hashes);
  const bool checks = out.ca || out.crl || !out.names.empty() || !out.hashes.empty();
  if (out.insecure && checks) table.fail("insecure", "nothing would be checked");
  out.place = table.place();
  out.path = table.path();
}

}  // namespace weir::server
