#include "gateway/limit/fleet_settings.h"

#include <cstring>
#include <utility>

#include "core/tls/digest.h"

namespace weir::gateway {
namespace {

constexpr std::pair<std::string_view, OnError> kOnErrorNames[] = {
    {"local", OnError::kLocal},
    {"allow", OnError::kAllow},
    {"deny", OnError::kDeny},
};

constexpr std::pair<std::string_view, Accuracy> kAccuracyNames[] = {
    {"exact", Accuracy::kExact},
    {"fast", Accuracy::kFast},
};

}  // namespace

void SentinelSettings::read(config::Table& table, SentinelSettings& out) {
  table.read("primary", out.primary, "Name of the primary in the configuration of the sentinels.",
             {.min_size = 1, .max_size = 256, .required = true});
  table.read("user", out.user, "User of the sentinels' access control list.",
             {.min_size = 1, .max_size = 256});
  table.read("password", out.password, "Password for the sentinels.");
  if (out.user && !table.has("password")) table.fail("user", "needs a `password`");
}

void FleetSettings::read(config::Table& table, FleetSettings& out) {
  table.read(
      "upstream", out.server.upstream,
      "Upstream of the Redis or Valkey server, which holds the counts of all instances. With "
      "`sentinel`, its endpoints are the sentinels; with `cluster`, some servers of the cluster. "
      "Its `tls` applies to all connections.",
      {.required = true});
  table.read("sentinel", out.server.sentinel,
             "Sentinel, which names the server that is the primary. Default: the endpoint of "
             "`upstream` is the server.");
  table.read("cluster", out.server.cluster,
             "Whether the servers are a Redis Cluster, among which the counts are distributed.");
  table.atMostOneOf({"sentinel", "cluster"});
  table.read("user", out.server.user, "User of the server's access control list.",
             {.min_size = 1, .max_size = 256});
  table.read("password", out.server.password, "Password for the server.");
  table.read("key_secret", out.key_secret,
             "Secret from which the hashes of callers in the server are derived, the same in all "
             "instances. Default: the password.");
  table.read("prefix", out.server.prefix, "Beginning of the names of all keys in the server.",
             {.min_size = 1, .max_size = 64});
  table.read("timeout", out.server.timeout,
             "Longest time for which a request waits for the server's decision.",
             {.min = Milliseconds(4), .max = std::chrono::seconds(10)});
  table.read(
      "accuracy", out.accuracy, kAccuracyNames,
      "Whether each request waits for the server's decision (`exact`), or instances take units for "
      "20 ms in advance, so that only the first request of a caller waits (`fast`).");
  table.read(
      "on_error", out.on_error, kOnErrorNames,
      "Decision about a request while the server is away or too slow: by this instance's share "
      "of the limit (`local`), always allowed, or refused with 503.");
  table.read(
      "nodes", out.nodes,
      "Number of instances among which the limit is divided for `on_error = \"local\"`, until "
      "the server has been reached and has reported it.",
      {.min = 1, .max = 100'000});
  table.locate(out.origin, "upstream");
  if (out.server.user && !table.has("password")) table.fail("user", "needs a `password`");
}

void FleetSettings::check(filter::References& references, config::Diagnostics& diagnostics) {
  server.upstream_id = references.upstream(server.upstream, "upstream", origin, diagnostics);
}

KeyedHash FleetSettings::hash() const {
  const config::Secret& secret = key_secret.empty() ? server.password : key_secret;
  const std::string digest = tls::sha256(asBytes("weir rate limit keys " + secret.reveal()));
  KeyedHash::Key key;
  std::memcpy(key.data(), digest.data(), sizeof key);
  return KeyedHash(key);
}

}  // namespace weir::gateway
