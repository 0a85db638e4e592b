#include "tools/weir/log_settings.h"

#include <utility>

namespace weir {
namespace {

constexpr std::pair<std::string_view, log::Level> kLevels[] = {{"debug", log::Level::kDebug},
                                                               {"info", log::Level::kInfo},
                                                               {"warning", log::Level::kWarning},
                                                               {"error", log::Level::kError}};
constexpr std::pair<std::string_view, log::Format> kFormats[] = {{"text", log::Format::kText},
                                                                 {"json", log::Format::kJson}};

}  // namespace

std::optional<log::Level> logLevelNamed(std::string_view word) {
  for (const auto& [name, level] : kLevels) {
    if (name == word) return level;
  }
  return std::nullopt;
}

void LogSettings::read(config::Table& table, LogSettings& out) {
  table.read("level", out.level, kLevels,
             "Least severe messages to write. --log-level on the command line overrides it.");
  table.read("format", out.format, kFormats, "Form of a line.");
}

}  // namespace weir
