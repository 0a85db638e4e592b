#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/base/metric_cells.h"
#include "core/event/loop.h"
#include "core/net/connector.h"
#include "core/state/directory.h"
#include "core/tls/workload_identity.h"
#include "mesh/health/one_endpoint.h"
#include "mesh/identity/workload_client.h"
#include "mesh/identity/workload_settings.h"

namespace weir::mesh {

// This node's identity from the Workload API of the configuration.
//
// Thread: the control thread.
class Workload final : private workload::WorkloadClient::Events {
 public:
  using Shared = std::shared_ptr<const tls::WorkloadIdentity>;
  // `on_change`: there is a new identity, or none any more.
  struct Tools {
    event::Loop& loop;
    MetricCells& cells;
    state::Directory& state;
  };
  Workload(const Tools& tools, std::function<void()> on_change);
  ~Workload() override;
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  // At the start, and after each reload. The identity of an earlier API stays until the new one has
  // answered; at the start, the one in the state directory is used. Without settings there is none.
  void follow(const std::optional<WorkloadSettings>& settings);
  const Shared& identity() const { return identity_; }  // null: none

 private:
  struct Link;  // to one API

  // workload::WorkloadClient::Events
  void onIdentity(Shared identity, std::string_view message) override;
  void onWithdrawn() override;
  void onTrouble(std::string_view why, bool repeated) override;

  void adopt(Shared identity);
  void loadSnapshot();

  const Tools tools_;
  const std::function<void()> on_change_;
  std::optional<WorkloadSettings> settings_;
  Shared identity_;
  std::unique_ptr<Link> link_;
};

}  // namespace weir::mesh
