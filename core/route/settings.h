#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"

namespace weir::config {
class Table;
}

// The [[route]] tables of the configuration, as they are written.
namespace weir::route {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

struct HeaderRulesSettings {
  NamedTexts set;
  NamedTexts add;
  std::vector<std::string> remove;

  static void read(config::Table& table, HeaderRulesSettings& out);
};

struct PathChangeSettings {
  std::optional<std::string> path;
  std::optional<std::string> prefix;
  std::optional<std::string> regex;
  std::optional<std::string> with;
};

struct RewriteSettings {
  PathChangeSettings path;
  std::optional<std::string> host;

  static void read(config::Table& table, RewriteSettings& out);
};

struct RedirectSettings {
  int status = 301;
  std::optional<std::string> scheme;
  std::optional<std::string> host;
  std::optional<std::uint16_t> port;
  PathChangeSettings path;
  bool keep_query = true;

  static void read(config::Table& table, RedirectSettings& out);
};

struct RespondSettings {
  int status = 200;
  NamedTexts headers;
  std::string body;

  static void read(config::Table& table, RespondSettings& out);
};

}  // namespace weir::route
