#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/diagnostics.h"
#include "core/route/header_rules.h"
#include "core/route/placed_text.h"

namespace weir::config {
class Table;
}

namespace weir::route {

using NamedTexts = std::vector<std::pair<std::string, PlacedText>>;

// Changes to the headers of a message, as written.
struct HeaderRulesSettings {
  std::vector<PlacedText> remove;
  NamedTexts set;
  NamedTexts add;

  static void read(config::Table& table, HeaderRulesSettings& out);
  friend bool operator==(const HeaderRulesSettings&, const HeaderRulesSettings&) = default;
};

// Compiles header rules, and records every mistake.
class HeaderRulesCompiler {
 public:
  // `path`: of the settings, such as "route[0].request_headers".
  HeaderRulesCompiler(std::string path, const TextScope& scope, config::Diagnostics& diagnostics)
      : path_(std::move(path)), scope_(scope), diagnostics_(diagnostics) {}

  HeaderRules compile(const HeaderRulesSettings& settings);
  // Adds rules that set these headers. `key`: of the texts in the settings; empty: the path is
  // theirs.
  void set(const NamedTexts& texts, std::string_view key, HeaderRules& rules);

 private:
  void complain(const config::Location& location, std::string_view key, std::string_view name);

  const std::string path_;
  const TextScope scope_;
  config::Diagnostics& diagnostics_;
  std::string why_;
};

}  // namespace weir::route
