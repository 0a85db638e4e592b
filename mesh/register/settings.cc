#include "mesh/register/settings.h"

#include "core/net/address.h"
#include "core/upstream/endpoint.h"

namespace weir::mesh {
namespace {

using namespace std::chrono_literals;

void readProperties(config::Table& table, RegisterSettings& out) {
  table.read("id", out.id,
             "Name of this instance, unique within the service. Default: the service and the "
             "address.",
             {.max_size = 255});
  table.read("weight", out.weight, "Weight of the endpoint.",
             {.max = upstream::Endpoint::kMostWeight});
  table.read("zone", out.zone, "Zone of the endpoint.");
  table.read("metadata", out.metadata, "Properties of the endpoint.");
  if (out.metadata.contains("")) table.fail("metadata", "has a member without a name");
}

}  // namespace

void EtcdRegistrySettings::read(config::Table& table, EtcdRegistrySettings& out) {
  readEtcdAccess(
      table, out,
      "Prefix of the keys of the service, such as \"/weir/services/orders/\". The key is "
      "the prefix and the id; its value is a JSON object as in an endpoint file.");
  table.read("ttl", out.ttl,
             "Time after which etcd removes the key if weir no longer renews its lease, which it "
             "does three times as often.",
             {.min = 3s, .max = 24h});
}

void ConsulRegistrySettings::read(config::Table& table, ConsulRegistrySettings& out) {
  table.read("server", out.server,
             "URL of the Consul agent of this node, \"http://127.0.0.1:8500\", or { upstream = "
             "\"NAME\" }.",
             {.required = true});
  table.read("tags", out.tags, "Tags of the instance.", {.min_size = 1});
  table.read("token", out.token, "ACL token, with service:write.");
  table.read("ttl", out.ttl,
             "Time after which the instance is critical if weir no longer renews its check, which "
             "it does three times as often.",
             {.min = 3s, .max = 24h});
  table.read("deregister_after", out.deregister_after,
             "Time for which the instance is critical before Consul removes it.",
             {.min = 1min, .max = 720h});
  http::refusePath(table, "server", out.server);
}

void RegisterSettings::read(config::Table& table, RegisterSettings& out) {
  table.read("service", out.service, "Name of the service of which this node is an instance.",
             {.min_size = 1, .max_size = 255, .required = true});
  table.read("etcd", out.etcd, "Registry: a key of etcd, with a lease.");
  table.read("consul", out.consul, "Registry: a service of a Consul agent, with a TTL check.");
  table.exactlyOneOf({"etcd", "consul"});
  table.read("address", out.address,
             "IP address and port at which others reach this node. Default: those of the "
             "listener; if it accepts connections on all addresses, the first one of the machine "
             "that is not a loopback address.");
  table.read("listener", out.listener,
             "Listener whose address is registered. Default: \"inbound\" of a sidecar, or the only "
             "one.");
  table.atMostOneOf({"address", "listener"});
  readProperties(table, out);
  table.read("deregister_delay", out.deregister_delay,
             "Time between the removal of the registration and the drain at the end of the "
             "process, in which others learn of it.",
             {.min = 0ms, .max = 1h});
  const bool named = out.address && !out.address->isUnix();
  if (table.has("address") && (!named || !IpAddress::parse(out.address->host).ok())) {
    table.fail("address", "must be an IP address with a port");
  }
  table.locate(out.origin);
}

}  // namespace weir::mesh
