#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config/diagnostics.h"
#include "core/config/secret.h"

namespace weir::config {
class Table;
}

namespace weir::tls {

// [upstream.NAME.tls]
struct ClientOptions {
  std::optional<std::string> server_name;
  std::optional<config::File> ca;
  std::optional<config::File> crl;
  std::optional<config::File> cert;
  std::optional<config::File> key;
  std::vector<std::string> names;
  std::vector<std::string> certificate_sha256;
  bool workload_identity = false;
  bool insecure = false;
  bool node = false;  // the certificate identifies this node; not a setting
  config::Origin origin;

  static void read(config::Table& table, ClientOptions& out);
  friend bool operator==(const ClientOptions&, const ClientOptions&) = default;
};

}  // namespace weir::tls
