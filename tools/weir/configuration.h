#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config/document.h"
#include "core/config/environment.h"
#include "core/config/settings.h"
#include "core/server/registry.h"
#include "core/server/settings.h"
#include "mesh/register/settings.h"
#include "mesh/sidecar/settings.h"
#include "observability/access_log/settings.h"
#include "observability/admin/settings.h"
#include "observability/metrics/metrics_settings.h"
#include "observability/trace/settings.h"
#include "tools/weir/log_settings.h"

namespace weir {

// The complete configuration as it is written: each part is declared by the module that it
// configures.
struct Configuration {
  server::Settings core;
  std::optional<mesh::IdentitySettings> identity;
  std::optional<mesh::SidecarSettings> sidecar;
  std::vector<mesh::RegisterSettings> registers;
  admin::Settings admin;
  bool admin_given = false;
  std::vector<access_log::Settings> access_logs;
  std::optional<trace::Settings> tracing;
  metrics::Settings metrics;
  LogSettings log;
  bool watch = true;
  Milliseconds watch_settle{500};
  bool sidecar_expanded = false;       // there was a [sidecar]
  std::optional<std::string> user;     // to which a process started as root changes
  config::WrittenTexts written_texts;  // not a setting

  static void read(config::Table& table, Configuration& out);
};

// Reads the configuration as far as possible, and records every mistake. If there are any, the
// result serves only to find further ones. nullopt if a further search makes no sense. Files to
// which settings refer are added to the document in any case, so that a correction is noticed.
std::optional<Configuration> readConfiguration(config::Document& document,
                                               const server::Registry& registry,
                                               config::Diagnostics& diagnostics);

// The settings as they would be written, without values of the environment. Inline secrets are
// hidden.
config::Value showConfiguration(const Configuration& configuration,
                                const server::Registry& registry);

// Every filter, balancer and discovery of this binary.
void registerAll(server::Registry& registry);

}  // namespace weir
