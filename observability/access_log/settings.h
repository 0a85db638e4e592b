#pragma once

#include <string>
#include <vector>

#include "core/config/units.h"
#include "observability/access_log/condition.h"
#include "observability/access_log/format.h"

namespace weir::config {
class Table;
}

namespace weir::access_log {

// One [[access_log]] of the configuration.
struct Settings {
  std::string file = "stdout";
  std::string format = "json";
  std::vector<FieldUse> fields = defaultFields();
  config::Percent sample{100};
  Condition when;
  bool redact_query = false;

  static void read(config::Table& table, Settings& out);
  friend bool operator==(const Settings&, const Settings&) = default;
};

// The format that valid settings describe.
Format formatOf(const Settings& settings);

}  // namespace weir::access_log
