#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/names.h"
#include "core/config/secret.h"
#include "core/config/table.h"
#include "core/filter/references.h"
#include "gateway/auth/authn.h"

namespace weir::gateway::basic {

// Where the users are.
struct UserSource {
  static constexpr std::string_view kShortKey = "file";

  config::WatchedFile file;
  std::vector<std::string> lines;  // in the configuration itself

  static void read(config::Table& table, UserSource& out);
  bool operator==(const UserSource&) const = default;
};

struct Settings {
  UserSource users;
  std::string user_header = "x-auth-user";
  bool forward = false;
  authn::Mode enforcement = authn::Mode::kRequired;
  std::string realm = "weir";
  Milliseconds remember{60'000};
  std::uint32_t max_failures = 10;

  // Derived from the above.
  config::Origin origin;  // of the users
  NameId file_id = 0;     // for metrics

  static void read(config::Table& table, Settings& out);
  void check(filter::References& references, config::Diagnostics& diagnostics);
  bool operator==(const Settings&) const = default;
};

}  // namespace weir::gateway::basic
