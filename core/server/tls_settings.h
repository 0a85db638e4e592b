#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config/secret.h"
#include "core/config/table.h"
#include "core/tls/server_terms.h"

// TLS as it is written in a configuration.
namespace weir::server {

enum class ClearText : std::uint8_t { kRefuse, kAllow };
enum class UnknownNames : std::uint8_t { kFirst, kRefuse };

// { cert = "edge.crt", key = "edge.key" }
struct CertificateSettings {
  config::File cert;
  config::File key;
  std::optional<config::File> ocsp;
  bool node = false;  // it says who this node is; not a setting
  config::Place place;
  std::string path = {};  // where it is written; empty: it was not

  static void read(config::Table& table, CertificateSettings& out);
};

// [listener.tls]
struct ListenerTlsSettings {
  std::vector<CertificateSettings> certificates;
  tls::Version min_version = tls::Version::k12;
  tls::Version max_version = tls::Version::k13;
  UnknownNames unknown_names = UnknownNames::kFirst;
  tls::ClientCertificate client_certificate = tls::ClientCertificate::kNone;
  std::optional<config::File> client_ca;
  std::optional<config::File> client_crl;
  std::vector<std::string> client_names;
  std::vector<std::string> client_hashes;
  ClearText clear = ClearText::kRefuse;
  Milliseconds handshake_timeout{10'000};
  std::uint64_t max_handshakes = 10'000;
  std::vector<config::Secret> ticket_secrets;
  bool early_data = false;
  config::Place place;
  std::string path = {};  // where it is written; empty: it was not

  static void read(config::Table& table, ListenerTlsSettings& out);
};

// [upstream.NAME.tls]
struct UpstreamTlsSettings {
  std::optional<std::string> server_name;
  std::optional<config::File> ca;
  std::optional<config::File> crl;
  std::optional<config::File> cert;
  std::optional<config::File> key;
  std::vector<std::string> names;
  std::vector<std::string> hashes;
  bool insecure = false;
  bool node = false;  // the certificate says who this node is; not a setting
  config::Place place;
  std::string path = {};  // where it is written; empty: it was not

  static void read(config::Table& table, UpstreamTlsSettings& out);
};

}  // namespace weir::server
