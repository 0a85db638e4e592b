#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/base/names.h"
#include "core/event/loop.h"
#include "core/http/client.h"
#include "mesh/register/registration.h"
#include "mesh/register/settings.h"

namespace weir::mesh {

// A listener as it is bound.
struct BoundListener {
  std::string name;
  net::Address address;
};

// The address at which others reach this node; nullopt with the mistake in `why`. `machine` is the
// first address of the machine that is not a loopback address, of either family.
std::optional<net::Address> registeredAddress(const RegisterSettings& settings,
                                              const std::vector<BoundListener>& listeners,
                                              std::optional<IpAddress> machine, std::string& why);

// This node's registrations, as configured.
//
// Thread: the control thread.
class Registrations {
 public:
  struct Tools {
    event::Loop& loop;
    http::Client& client;
    NameTable& names;
    MetricCells& cells;
  };
  explicit Registrations(const Tools& tools) : tools_(tools) {}
  ~Registrations();
  Registrations(const Registrations&) = delete;
  Registrations& operator=(const Registrations&) = delete;

  // Once the process is ready, and after each reload. What has not changed stays as it is; what has
  // is taken out first.
  void follow(const std::vector<RegisterSettings>& settings,
              const std::vector<BoundListener>& listeners);
  // Takes all out, for good. `done` gets the longest `deregister_delay` of those that were
  // registered; it is called once, perhaps at once.
  void removeAll(std::function<void(Milliseconds delay)> done);

 private:
  struct Running {
    RegisterSettings settings;
    std::unique_ptr<registering::Registration> registration;
  };

  std::vector<Running> wanted(const std::vector<RegisterSettings>& settings,
                              const std::vector<BoundListener>& listeners);
  Running make(const RegisterSettings& settings, const net::Address& address) const;
  void take(Running& running);
  void onTaken(const registering::Registration* registration);
  void startPending();
  void tellRemoved();

  const Tools tools_;
  std::vector<Running> running_;
  std::vector<Running> pending_;  // start once none leaves any more
  std::vector<std::unique_ptr<registering::Registration>> leaving_;
  Milliseconds delay_{0};  // of those that left
  std::function<void(Milliseconds)> on_removed_;
};

}  // namespace weir::mesh
