#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/arena.h"
#include "core/event/log_limit.h"
#include "core/event/wheel.h"
#include "core/filter/parts.h"
#include "core/redis/client.h"
#include "gateway/limit/fleet_settings.h"
#include "gateway/limit/rate_table.h"

namespace weir::gateway {

// One worker's connection to the server that holds the counts of all instances.
//
// Thread: the worker.
class Fleet final : private redis::Waiter {
 public:
  Fleet(const FleetServer& server, const filter::LocalTools& tools);
  ~Fleet() override;

  const FleetServer& server() const { return server_; }
  redis::Client& client() { return client_; }
  // Number of instances that the server has reported last; 0: none so far.
  std::uint32_t nodes() const { return nodes_; }
  // Makes this instance known under this name, from now on. Later calls have no effect.
  void join(std::string name);
  // Logs that the server has refused a command.
  void noteRefusal(std::string_view detail);

 private:
  static constexpr Milliseconds kBeat{5'000};
  void onBeat();
  void onReply(const redis::Reply& reply) override;
  void onNoReply() override {}

  const FleetServer server_;
  event::Loop& loop_;
  redis::Client client_;
  std::string name_;
  const std::string members_;  // name of the set of instances
  std::uint32_t nodes_ = 0;
  event::LogLimit log_limit_;
  event::Alarm<Fleet, &Fleet::onBeat> beat_;
};

class Fleets;

// Keeps the connection to a server as long as a filter uses it.
class FleetUse {
 public:
  FleetUse(Fleets& all, Fleet& fleet) : all_(all), fleet_(fleet) {}
  ~FleetUse();
  FleetUse(const FleetUse&) = delete;
  FleetUse& operator=(const FleetUse&) = delete;

  Fleet& fleet() const { return fleet_; }

 private:
  Fleets& all_;
  Fleet& fleet_;
};

// The connections of a worker: one for each server. Outlives their uses.
class Fleets {
 public:
  std::unique_ptr<FleetUse> use(const FleetServer& server, const filter::LocalTools& tools);

 private:
  friend class FleetUse;
  struct Entry {
    std::unique_ptr<Fleet> fleet;
    std::size_t uses = 0;
  };
  Entry& entryOf(const FleetServer& server, const filter::LocalTools& tools);
  void release(const Fleet& fleet);

  std::vector<Entry> entries_;
};

// The arguments with which the server decides about the claims. The texts lie in `arena`. `limit`
// is the beginning of the names of the counts. Unless it `takes`, the server only looks.
std::span<const std::string_view> fleetQuestion(std::span<const RateClaim> claims,
                                                std::string_view limit, bool takes, Arena& arena);
// Completes the claims by the server's reply; false if it is not a decision.
bool readFleetReply(const redis::Reply& reply, std::span<RateClaim> claims, bool& allowed);

// Reduces the limit of a claim to that of one of `nodes` instances if each has an equal share.
void reduceToShare(RateClaim& claim, std::uint32_t nodes);

}  // namespace weir::gateway
