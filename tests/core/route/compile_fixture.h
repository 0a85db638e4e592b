#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/names.h"
#include "core/config/document.h"
#include "core/config/settings.h"
#include "core/config/variant.h"
#include "core/route/compile.h"
#include "tests/core/route/fixture.h"

namespace weir::route {

// The [[route]] tables of a text, read and compiled like those of "test.toml".
class CompiledRoutes {
 public:
  explicit CompiledRoutes(std::string_view toml) {
    config::Document document = config::Document::parse(toml, "test.toml", diagnostics_);
    if (config::readSettings(document, extensions_, settings_, diagnostics_)) {
      table_ = compileRoutes(settings_.routes, {names_, upstreams_, listeners_}, diagnostics_);
    }
  }

  std::string diagnostics() const { return diagnostics_.text(); }
  const RouteTable& table() const { return table_; }
  const Route& route(std::size_t index = 0) const { return table_.routes()[index]; }
  std::string_view name(NameId id) const { return names_.name(id); }
  NameId idOf(std::string_view name) { return names_.intern(name); }
  // As printed by `weir check --print`.
  std::string printed() const {
    return config::tomlText(config::showSettings(settings_, extensions_));
  }

 private:
  struct Routes {
    std::vector<RouteSettings> routes;
    static void read(config::Table& table, Routes& out) {
      table.read("route", out.routes, "Routes.");
    }
  };

  NameTable names_;
  const std::vector<std::string> upstreams_ = {"orders", "orders-v2", "shadow"};
  const std::vector<std::string> listeners_ = {"public", "internal"};
  config::Extensions extensions_;
  config::Diagnostics diagnostics_;
  Routes settings_;
  RouteTable table_;
};

}  // namespace weir::route
