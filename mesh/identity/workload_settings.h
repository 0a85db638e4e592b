#pragma once

#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/config/diagnostics.h"
#include "core/net/address.h"

namespace weir::config {
class Table;
}

namespace weir::mesh {

// `spiffe = { socket = "unix:///run/spire/agent.sock" }`: a SPIFFE Workload API.
struct WorkloadSettings {
  std::string socket;  // empty: that of the environment
  std::string id;
  std::string hint;
  Milliseconds wait{30'000};
  bool snapshot = false;
  std::vector<std::string> trust_domains;
  config::Origin origin;

  static void read(config::Table& table, WorkloadSettings& out);
  // Where the API listens. kInvalid describes what is wrong with `socket`.
  Result<net::Address> address() const;
  friend bool operator==(const WorkloadSettings&, const WorkloadSettings&) = default;
};

}  // namespace weir::mesh
