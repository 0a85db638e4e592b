#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/config/table.h"
#include "core/http/target.h"
#include "core/upstream/discovery.h"
#include "mesh/discovery/endpoint_slice.h"

namespace weir::mesh {

// `kubernetes = "shop/orders"`, or { service = "shop/orders", port = "http" }.
struct KubernetesSettings {
  static constexpr std::string_view kShortKey = "service";

  std::string service;  // "orders" or "namespace/orders"
  std::string port;
  kubernetes::SliceFamily family = kubernetes::SliceFamily::kAuto;
  std::optional<http::Target> server;
  std::string service_account = "/var/run/secrets/kubernetes.io/serviceaccount";
  // From the settings and, within a cluster, its environment.
  std::string account;  // the directory, relative to the working directory
  std::string name_space;
  std::string name;
  http::Target target;

  static void read(config::Table& table, KubernetesSettings& out);
  friend bool operator==(const KubernetesSettings&, const KubernetesSettings&) = default;
};

// Follows the EndpointSlices of a service.
std::shared_ptr<const upstream::DiscoverySource> makeKubernetes(const KubernetesSettings& settings);

}  // namespace weir::mesh
