#pragma once

#include <memory>
#include <string>

#include "core/config/secret.h"
#include "core/config/table.h"
#include "core/http/target.h"
#include "core/upstream/discovery.h"

namespace weir::mesh {

// `etcd = { server = { upstream = "etcd" }, prefix = "/weir/services/orders/" }`.
struct EtcdSettings {
  http::Target server;
  std::string prefix;
  std::string user;
  config::Secret password;

  static void read(config::Table& table, EtcdSettings& out);
  friend bool operator==(const EtcdSettings&, const EtcdSettings&) = default;
};

// Each key below the prefix is an endpoint. They are listed, and then watched from that revision
// on. Whenever the watch ends, however it does, they are listed again: no change can be missed.
std::shared_ptr<const upstream::DiscoverySource> makeEtcd(const EtcdSettings& settings);

}  // namespace weir::mesh
