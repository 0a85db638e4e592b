#pragma once

#include <optional>
#include <string_view>

#include "core/base/log.h"
#include "core/config/table.h"

namespace weir {

// [log]: the log of the process on stderr.
struct LogSettings {
  log::Level level = log::Level::kInfo;
  log::Format format = log::Format::kText;

  static void read(config::Table& table, LogSettings& out);
  friend bool operator==(const LogSettings&, const LogSettings&) = default;
};

// nullopt if `word` is not the name of a level.
std::optional<log::Level> logLevelNamed(std::string_view word);

}  // namespace weir
