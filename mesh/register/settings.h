#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/config/secret.h"
#include "core/config/table.h"
#include "core/config/units.h"
#include "core/http/target.h"
#include "mesh/discovery/etcd_access.h"

namespace weir::mesh {

// `etcd = { server = { upstream = "etcd" }, prefix = "/weir/services/orders/" }`.
struct EtcdRegistrySettings : EtcdAccess {
  Milliseconds ttl{15'000};

  static void read(config::Table& table, EtcdRegistrySettings& out);
  friend bool operator==(const EtcdRegistrySettings&, const EtcdRegistrySettings&) = default;
};

// `consul = { server = "http://127.0.0.1:8500" }`.
struct ConsulRegistrySettings {
  http::Target server;
  std::vector<std::string> tags;
  config::Secret token;
  Milliseconds ttl{15'000};
  Milliseconds deregister_after{60'000};

  static void read(config::Table& table, ConsulRegistrySettings& out);
  friend bool operator==(const ConsulRegistrySettings&, const ConsulRegistrySettings&) = default;
};

// [[register]]
struct RegisterSettings {
  std::string service;
  std::optional<EtcdRegistrySettings> etcd;  // one of them
  std::optional<ConsulRegistrySettings> consul;
  std::optional<config::Address> address;
  std::string listener;
  std::string id;
  std::uint32_t weight = 1;
  std::string zone;
  std::map<std::string, std::string> metadata;
  Milliseconds deregister_delay{5'000};
  config::Origin origin;

  static void read(config::Table& table, RegisterSettings& out);
  const http::Target& server() const { return etcd ? etcd->server : consul->server; }
  friend bool operator==(const RegisterSettings&, const RegisterSettings&) = default;
};

}  // namespace weir::mesh
