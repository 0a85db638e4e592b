#include "tools/weir/configuration.h"

#include "mesh/identity/expand.h"
#include "mesh/sidecar/expand.h"
#include "tools/weir/privileges.h"

namespace weir {

using namespace std::chrono_literals;

void Configuration::read(config::Table& table, Configuration& out) {
  server::Settings::read(table, out.core);
  table.read("user", out.user,
             "User, by name or number, that weir becomes when it was started as root, once its "
             "addresses are bound. It keeps no privilege: a new listener on a port below 1024 then "
             "takes a restart. Without effect for a process that is not root.",
             {.min_size = 1});
  if (out.user && runsAsRoot() && !findAccount(*out.user)) {
    table.fail("user", "no user \"" + *out.user + "\" on this machine");
  }
  table.read("identity", out.identity, "Who this node is to other nodes of the mesh.");
  table.read("sidecar", out.sidecar, "Short for a sidecar's listeners, routes and upstream.");
  table.read("admin", out.admin, "Where the process is looked at and controlled.");
  out.admin_given = table.has("admin");
  table.read(
      "access_log", out.access_logs,
      "A line for each request, carried TCP connection and failed TLS handshake of a client.");
  table.read("log", out.log, "Messages of the program itself, on stderr.");
  table.read("watch", out.watch, "Whether changed files are applied without being asked.");
  table.read("watch_settle", out.watch_settle,
             "Time without a further change after which a changed file is read.",
             {.min = 10ms, .max = 1min});
  const bool sidecar = out.core.role == server::Role::kSidecar;
  if (out.sidecar && !sidecar) table.fail("sidecar", "needs role = \"sidecar\"");
  if (out.sidecar && out.sidecar->identity) {
    if (out.identity) table.fail("identity", "is given twice: in [sidecar], too");
    out.identity = out.sidecar->identity;
  } else if (out.sidecar) {
    out.sidecar->identity = out.identity;
  }
}

namespace {

// What stands in [sidecar] and [identity], written out.
void expand(const server::Registry& registry, Configuration& configuration,
            config::Mistakes& mistakes) {
  if (configuration.sidecar) {
    mesh::expandSidecar(*configuration.sidecar, registry, configuration.core, mistakes);
    configuration.sidecar.reset();
    configuration.sidecar_expanded = true;
  }
  mesh::expandUpstreams(configuration.identity, configuration.core, mistakes);
  configuration.identity.reset();
}

}  // namespace

std::optional<Configuration> loadConfiguration(const std::string& path,
                                               const server::Registry& registry,
                                               config::Mistakes& mistakes,
                                               std::vector<std::string>& files) {
  config::Document document = config::Document::load(path, mistakes);
  if (!document.complete()) {
    files = document.files();
    return std::nullopt;
  }
  Configuration configuration;
  config::readSettings(document, registry.dialect(), configuration, mistakes);
  files = document.files();
  // Half a sidecar or identity would bring about mistakes that nobody made.
  const bool short_forms = configuration.sidecar || configuration.identity;
  if (!mistakes.empty() && short_forms) return std::nullopt;
  expand(registry, configuration, mistakes);
  if (!mistakes.empty() && short_forms) return std::nullopt;
  return configuration;
}

}  // namespace weir
