#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config/units.h"
#include "observability/access_log/condition.h"
#include "observability/access_log/format.h"
#include "observability/access_log/syslog.h"
#include "observability/otlp/settings.h"

namespace weir::config {
class Table;
}

namespace weir::access_log {

// One [[access_log]] of the configuration.
struct Settings {
  std::string file = "stdout";
  std::optional<SyslogSettings> syslog;  // instead of the file
  std::optional<otlp::Settings> otlp;    // instead of the file
  std::string format = "json";
  std::vector<FieldUse> fields = defaultFields();
  config::Percent sample{100};
  Condition when;
  bool redact_query = false;
  bool redact_secrets = true;

  Redaction redaction() const {
    if (redact_query) return Redaction::kQuery;
    return redact_secrets ? Redaction::kSecrets : Redaction::kNone;
  }
  // For the label of the metric and the log.
  std::string target() const {
    if (otlp) return "otlp";
    return syslog ? syslog->address : file;
  }
  static void read(config::Table& table, Settings& out);
  friend bool operator==(const Settings&, const Settings&) = default;
};

// The format that valid settings describe.
Format formatOf(const Settings& settings);

}  // namespace weir::access_log
