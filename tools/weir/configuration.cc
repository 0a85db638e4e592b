#include "tools/weir/configuration.h"

#include "mesh/sidecar/expand.h"

namespace weir {

void Configuration::read(config::Table& table, Configuration& out) {
  server::Settings::read(table, out.core);
  table.read("sidecar", out.sidecar, "Short for a sidecar's listeners, routes and upstream.");
  table.read("admin", out.admin, "Where the process is looked at and controlled.");
  table.read("access_log", out.access_logs, "A line for each request.");
  const bool sidecar = out.core.role == server::Role::kSidecar;
  if (out.sidecar && !sidecar) table.fail("sidecar", "needs role = \"sidecar\"");
}

std::optional<Configuration> loadConfiguration(const std::string& path,
                                               const server::Registry& registry,
                                               config::Mistakes& mistakes,
                                               std::vector<std::string>& files) {
  config::Document document = config::Document::load(path, mistakes);
  Configuration configuration;
  config::readSettings(document, registry.dialect(), configuration, mistakes);
  files = document.files();
  if (!mistakes.empty()) return std::nullopt;
  if (configuration.sidecar) {
    mesh::expandSidecar(*configuration.sidecar, registry, configuration.core, mistakes);
    configuration.sidecar.reset();
  }
  if (!mistakes.empty()) return std::nullopt;
  return configuration;
}

}  // namespace weir
