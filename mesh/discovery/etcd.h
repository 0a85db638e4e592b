#pragma once

#include <memory>

#include "core/upstream/discovery.h"
#include "mesh/discovery/etcd_access.h"

namespace weir::mesh {

// `etcd = { server = { upstream = "etcd" }, prefix = "/weir/services/orders/" }`.
struct EtcdSettings : EtcdAccess {
  static void read(config::Table& table, EtcdSettings& out);
  friend bool operator==(const EtcdSettings&, const EtcdSettings&) = default;
};

// Each key below the prefix is an endpoint. They are listed, and then watched from that revision
// on. Whenever the watch ends, however it does, they are listed again: no change can be missed.
std::shared_ptr<const upstream::DiscoverySource> makeEtcd(const EtcdSettings& settings);

}  // namespace weir::mesh
