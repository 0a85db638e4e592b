#include "tools/weir/configuration.h"

#include "mesh/authorize/expand.h"
#include "mesh/identity/expand.h"
#include "mesh/sidecar/expand.h"
#include "tools/weir/privileges.h"
#include "tools/weir/recording.h"

namespace weir {

using namespace std::chrono_literals;

void Configuration::read(config::Table& table, Configuration& out) {
  server::Settings::read(table, out.core);
  table.read("user", out.user,
             "User, by name or number, to which a process started as root switches once its "
             "addresses are bound. No privilege is kept, so a new listener on a port below 1024 "
             "then needs a restart. Ignored if the process is not started as root.",
             {.min_size = 1});
  if (out.user && runsAsRoot() && !findAccount(*out.user)) {
    table.fail("user", "no user \"" + *out.user + "\" on this machine");
  }
  table.read(
      "identity", out.identity,
      "Identity of this node in the mesh: its certificate, key and trusted CA certificates, in "
      "files or from a SPIFFE Workload API.");
  table.read("sidecar", out.sidecar,
             "Shorthand for the listeners, routes and upstream of a sidecar.");
  table.read("register", out.registers,
             "Registrations of this node with etcd or Consul, so that others discover it.");
  table.read("admin", out.admin,
             "Admin interface: metrics, health, inspection and control of the process.");
  out.admin_given = table.has("admin");
  table.read("access_log", out.access_logs,
             "Access logs, each with one line per request, proxied TCP connection and failed TLS "
             "handshake of a client.");
  table.read("tracing", out.tracing,
             "Spans of the requests, sent to a collector of OpenTelemetry.");
  table.read("metrics", out.metrics, "Contents of the metrics page besides counts and sums.");
  table.read("log", out.log, "Log of the process, written to stderr.");
  table.read("watch", out.watch,
             "Whether to reload the configuration when one of its files changes.");
  table.read("watch_settle", out.watch_settle,
             "Time without further changes after which changed files are read.",
             {.min = 10ms, .max = 1min});
  const bool sidecar = out.core.role == server::Role::kSidecar;
  if (out.sidecar && !sidecar) table.fail("sidecar", "needs role = \"sidecar\"");
  if (out.sidecar && out.sidecar->identity) {
    if (out.identity) table.fail("identity", "is given twice: it is also in [sidecar]");
    out.identity = out.sidecar->identity;
  } else if (out.sidecar) {
    out.sidecar->identity = out.identity;
  }
  const auto* inbound = out.sidecar && out.sidecar->inbound ? &*out.sidecar->inbound : nullptr;
  const bool strict = inbound == nullptr || inbound->plaintext == tls::Plaintext::kRefuse;
  if (!strict && !out.identity) {
    table.fail("sidecar", "mode = \"permissive\" and \"audit\" of inbound need an identity");
  }
}

namespace {

void checkSnapshot(const Configuration& configuration, config::Diagnostics& diagnostics) {
  const auto& identity = configuration.identity;
  const bool kept = identity && identity->spiffe && identity->spiffe->snapshot;
  if (!kept || configuration.core.state_directory) return;
  const config::Origin& origin = identity->spiffe->origin;
  diagnostics.add({origin.location, origin.path + ".snapshot", "needs state_directory", {}});
}

// Expands [sidecar] and [identity].
void expand(const server::Registry& registry, Configuration& configuration,
            config::Diagnostics& diagnostics) {
  checkSnapshot(configuration, diagnostics);
  if (configuration.sidecar) {
    mesh::expandSidecar(*configuration.sidecar, registry, configuration.core, diagnostics);
    config::Diagnostics known;  // they have been recorded by the expansion of the sidecar
    const auto domain =
        configuration.identity ? mesh::trustDomain(*configuration.identity, known) : std::nullopt;
    mesh::expandAuthorize(domain.value_or(std::string()), configuration.core);
    configuration.sidecar.reset();
    configuration.sidecar_expanded = true;
  }
  mesh::expandUpstreams(configuration.identity, configuration.core, diagnostics);
  for (const mesh::RegisterSettings& each : configuration.registers) {
    if (!each.origin.clean) continue;
    configuration.core.own_calls.push_back({each.server(), each.etcd.has_value(), each.origin});
  }
  if (!configuration.identity) return;
  const auto& authority = configuration.identity->authority;
  if (authority) {
    mesh::addAuthority(*configuration.identity, registry, configuration.core, diagnostics);
  }
  // Files are part of the expanded options; the process itself asks a Workload API and an
  // authority.
  if (!configuration.identity->spiffe && !authority) configuration.identity.reset();
}

}  // namespace

std::optional<Configuration> readConfiguration(config::Document& document,
                                               const server::Registry& registry,
                                               config::Diagnostics& diagnostics) {
  if (!document.complete()) return std::nullopt;
  Configuration configuration;
  config::readSettings(document, registry.extensions(), configuration, diagnostics);
  configuration.written_texts = document.writtenTexts();
  // Expanding an incomplete sidecar or identity would cause misleading diagnostics.
  addExporterTargets(configuration, diagnostics);
  const bool short_forms = configuration.sidecar || configuration.identity;
  if (!diagnostics.empty() && short_forms) return std::nullopt;
  expand(registry, configuration, diagnostics);
  if (!diagnostics.empty() && short_forms) return std::nullopt;
  return configuration;
}

config::Value showConfiguration(const Configuration& configuration,
                                const server::Registry& registry) {
  config::Value settings = config::showSettings(configuration, registry.extensions());
  config::restoreWritten(settings, configuration.written_texts);
  return settings;
}

}  // namespace weir
