#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/names.h"
#include "core/config/secret.h"
#include "core/config/table.h"
#include "core/filter/references.h"
#include "core/http/target.h"
#include "core/jose/claims.h"
#include "core/jose/key_set.h"
#include "gateway/auth/authn.h"
#include "gateway/auth/credential.h"
#include "gateway/auth/fetch_schedule.h"

namespace weir::gateway::jwt {

// Keys that are part of the configuration. Equal if their text is.
struct FixedKeys {
  std::string text;
  std::shared_ptr<const jose::KeySet> keys;  // null: they are fetched

  bool operator==(const FixedKeys& other) const { return text == other.text; }
};

struct Requirements : jose::Requirements {
  static void read(config::Table& table, Requirements& out);
  bool operator==(const Requirements&) const = default;
};

// Where the keys of the issuer are.
struct KeySource {
  static constexpr std::string_view kShortKey = "url";

  std::optional<http::Target> url;
  config::File file;
  std::string inline_keys;
  bool discover = false;
  FixedKeys fixed;

  static void read(config::Table& table, KeySource& out);
  bool operator==(const KeySource&) const = default;
};

struct Settings {
  jose::ClaimRules rules{.clock_skew = std::chrono::seconds(60)};
  std::optional<std::vector<std::string>> audiences;
  std::vector<jose::Algorithm> algorithms;  // empty: all that the keys allow
  std::vector<authn::CredentialPlace> from = {authn::bearerHeader()};
  Milliseconds clock_skew{60'000};
  std::optional<Milliseconds> max_lifetime;
  std::uint32_t max_size = 8192;
  std::optional<std::string> type;
  std::optional<KeySource> jwks;
  config::Secret secret;
  Requirements require;
  std::vector<std::pair<std::string, std::string>> claim_headers;  // header, claim
  std::optional<std::string> payload_header;
  bool forward = true;
  authn::Mode enforcement = authn::Mode::kRequired;
  std::string realm = "weir";
  std::optional<std::string> resource_metadata;
  Startup startup = Startup::kWait;

  // Derived from the above.
  jose::AlgorithmSet allowed;
  FixedKeys fixed;
  config::Origin origin;
  http::Target discovery;  // the issuer's origin, if keys are discovered
  NameId upstream = 0;     // of the keys
  NameId issuer_id = 0;    // for metrics

  static void read(config::Table& table, Settings& out);
  void check(filter::References& references, config::Diagnostics& diagnostics);
  bool fetchesKeys() const { return fixed.keys == nullptr; }
  bool operator==(const Settings&) const = default;
};

// A token type of other uses, which is never that of an access token (RFC 8725, 3.11).
bool isForeignType(std::string_view type);

}  // namespace weir::gateway::jwt
