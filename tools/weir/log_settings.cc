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
  table.read(
      "level", out.level, kLevels,
      "Minimum severity of the messages to write. Overridden by --log-level on the command line.");
  table.read("format", out.format, kFormats, "Format of a line.");
}

}  // namespace weir
