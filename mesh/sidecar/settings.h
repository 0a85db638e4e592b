#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/ip_range.h"
#include "core/config/units.h"
#include "core/filter/filter_setting.h"
#include "core/http/version_choice.h"
#include "core/proxy/interception.h"
#include "core/route/settings.h"
#include "core/tls/plaintext.h"
#include "mesh/identity/settings.h"

namespace weir::config {
class Table;
}

namespace weir::mesh {

// Requests from the network to the local application.
struct InboundSettings {
  config::Address address;
  std::optional<config::Address> application;
  bool transparent = false;
  std::vector<std::uint16_t> ports;                           // of the application, if transparent
  http::VersionChoice protocol = http::VersionChoice::kAuto;  // of the application
  tls::Plaintext plaintext = tls::Plaintext::kRefuse;         // if the node has an identity
  std::vector<filter::FilterSetting> filters;

  static void read(config::Table& table, InboundSettings& out);
};

// Requests of the application to other services, routed by their Host or their destination.
struct OutboundSettings {
  config::Address address;
  proxy::TransparentOptions transparent;
  std::vector<IpRange> egress;  // if transparent
  std::vector<filter::FilterSetting> filters;

  static void read(config::Table& table, OutboundSettings& out);
};

// [sidecar]
struct SidecarSettings {
  std::string service;
  std::optional<InboundSettings> inbound;
  std::optional<OutboundSettings> outbound;
  std::optional<IdentitySettings> identity;
  route::OptionalBox<std::vector<std::string>> upgrades;  // of all routes generated here
  config::Location location;

  static void read(config::Table& table, SidecarSettings& out);
};

}  // namespace weir::mesh
