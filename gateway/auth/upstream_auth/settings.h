#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/names.h"
#include "core/config/secret.h"
#include "core/config/table.h"
#include "core/filter/references.h"
#include "core/http/target.h"
#include "gateway/auth/fetch_schedule.h"

namespace weir::gateway::upstream_auth {

struct BasicCredentials {
  std::string username;
  config::Secret password;

  static void read(config::Table& table, BasicCredentials& out);
  bool operator==(const BasicCredentials&) const = default;
};

struct KeyCredentials {
  std::string header = "x-api-key";
  std::string prefix;  // of the value, a word before a space; empty: none
  config::Secret key;

  static void read(config::Table& table, KeyCredentials& out);
  bool operator==(const KeyCredentials&) const = default;
};

// How a client authenticates itself to the token endpoint (RFC 6749, 2.3.1).
enum class ClientAuth : std::uint8_t { kBasic, kPost };

// RFC 6749, 4.4.
struct ClientCredentials {
  http::Target token_endpoint;
  std::string client_id;
  config::Secret client_secret;
  ClientAuth auth_method = ClientAuth::kBasic;
  std::vector<std::string> scopes;
  std::vector<std::pair<std::string, std::string>> parameters;
  Milliseconds wait{1'000};
  Startup startup = Startup::kWait;

  NameId upstream = 0;  // of the token endpoint

  static void read(config::Table& table, ClientCredentials& out);
  bool operator==(const ClientCredentials&) const = default;
};

struct Settings {
  std::optional<BasicCredentials> basic;
  std::optional<KeyCredentials> api_key;
  std::optional<ClientCredentials> oauth2;

  // Derived from the above.
  std::string header = "authorization";
  std::string value;  // of the header; empty: a token

  static void read(config::Table& table, Settings& out);
  void check(filter::References& references, config::Diagnostics& diagnostics);
  bool operator==(const Settings&) const = default;
};

}  // namespace weir::gateway::upstream_auth
