#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/config/diagnostics.h"
#include "core/config/secret.h"
#include "core/tls/plaintext.h"

namespace weir::config {
class Table;
}

namespace weir::tls {

enum class Version : std::uint8_t { k12, k13 };
enum class ClientCertificate : std::uint8_t { kNone, kOptional, kRequired };
// For clients that request a server name for which there is no certificate.
enum class UnknownNames : std::uint8_t { kFirst, kRefuse };

// { cert = "edge.crt", key = "edge.key" }
struct CertificateFiles {
  config::File cert;
  config::File key;
  std::optional<config::File> ocsp;
  bool node = false;  // it identifies this node; not a setting
  config::Origin origin = {};

  static void read(config::Table& table, CertificateFiles& out);
  friend bool operator==(const CertificateFiles&, const CertificateFiles&) = default;
};

// [listener.tls]
struct ServerOptions {
  std::vector<CertificateFiles> certificates;
  bool workload_identity = false;
  Version min_version = Version::k12;
  Version max_version = Version::k13;
  UnknownNames unknown_sni = UnknownNames::kFirst;
  ClientCertificate client_certificate = ClientCertificate::kNone;
  std::optional<config::File> client_ca;
  std::optional<config::File> client_crl;
  std::vector<std::string> client_names;
  std::vector<std::string> client_trust_domains;
  std::vector<std::string> client_certificate_sha256;
  Plaintext plaintext = Plaintext::kRefuse;
  Milliseconds handshake_timeout{10'000};
  std::uint64_t max_handshakes = 10'000;  // of all workers
  std::vector<config::Secret> ticket_secrets;
  bool early_data = false;
  config::Origin origin;

  static void read(config::Table& table, ServerOptions& out);
  friend bool operator==(const ServerOptions&, const ServerOptions&) = default;
};

}  // namespace weir::tls
