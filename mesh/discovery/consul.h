#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/config/secret.h"
#include "core/config/table.h"
#include "core/http/target.h"
#include "core/upstream/discovery.h"

namespace weir::mesh {

// `consul = { server = "http://127.0.0.1:8500", service = "orders" }`.
struct ConsulSettings {
  http::Target server;
  std::string service;
  std::vector<std::string> tags;
  std::string datacenter;
  std::string space;  // "namespace"
  std::string partition;
  std::string filter;
  bool include_warning = false;
  bool stale = true;
  config::Secret token;

  static void read(config::Table& table, ConsulSettings& out);
  friend bool operator==(const ConsulSettings&, const ConsulSettings&) = default;
};

// Follows the healthy instances of a service by blocking queries.
std::shared_ptr<const upstream::DiscoverySource> makeConsul(const ConsulSettings& settings);

}  // namespace weir::mesh
