#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/names.h"
#include "core/config/secret.h"
#include "core/config/table.h"
#include "core/filter/references.h"
#include "gateway/auth/api_key/key_table.h"
#include "gateway/auth/authn.h"
#include "gateway/auth/credential.h"

namespace weir::gateway::api_key {

// Where the keys are.
struct KeySource {
  static constexpr std::string_view kShortKey = "file";

  config::WatchedFile file;
  std::vector<std::string> lines;  // in the configuration itself

  static void read(config::Table& table, KeySource& out);
  bool operator==(const KeySource&) const = default;
};

struct Settings {
  std::vector<authn::CredentialPlace> from = {authn::headerPlace("x-api-key", "")};
  KeySource keys;
  authn::RequiredScopes require;
  std::string consumer_header = "x-consumer-id";
  bool forward = false;
  authn::Mode enforcement = authn::Mode::kRequired;
  std::string realm = "weir";

  // Derived from the above.
  config::Origin origin;  // of the keys
  NameId file_id = 0;     // for metrics

  static void read(config::Table& table, Settings& out);
  void check(filter::References& references, config::Diagnostics& diagnostics);
  bool operator==(const Settings&) const = default;
};

// The table of keys that are in the configuration.
std::shared_ptr<const KeyTable> tableOf(const std::vector<std::string>& lines);

}  // namespace weir::gateway::api_key
