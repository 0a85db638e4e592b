#include "core/tls/client_options.h"

#include "core/config/table.h"
#include "core/tls/demands.h"

namespace weir::tls {

void ClientOptions::read(config::Table& table, ClientOptions& out) {
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
  table.locate(out.origin);
}

}  // namespace weir::tls
