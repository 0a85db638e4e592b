#pragma once

#include <array>
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
#include "core/redis/servers.h"
#include "gateway/limit/fleet_settings.h"
#include "gateway/limit/rate_table.h"

namespace weir::gateway {

// One worker's connections to the servers that hold the counts of all instances.
//
// Thread: the worker.
class Fleet {
 public:
  Fleet(const FleetServer& server, const filter::LocalTools& tools);
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  const FleetServer& server() const { return server_; }
  redis::Servers& servers() { return *servers_; }
  // Number of instances that the server has reported last; 0: none so far.
  std::uint32_t nodes() const { return nodes_; }
  // Makes this instance known under this name, from now on. Later calls have no effect.
  void join(std::string name);
  // Logs that the server has refused a command.
  void noteRefusal(std::string_view detail);

 private:
  static constexpr Milliseconds kBeat{5'000};
  static constexpr Milliseconds kBeatAgain{500};  // while no server accepts it

  class Beat final : public redis::Evaluation {
   public:
    explicit Beat(Fleet& fleet);
    void onResult(const redis::Reply& reply) override { fleet_.onBeat(reply); }
    void onNoResult() override {}

   private:
    Fleet& fleet_;
  };
  void onAlarm();
  void onBeat(const redis::Reply& reply);

  const FleetServer server_;
  event::Loop& loop_;
  const std::unique_ptr<redis::Servers> servers_;
  std::string name_;
  const std::string members_;                // name of the set of instances
  std::array<std::string_view, 3> words_{};  // of the beat
  Beat beat_{*this};
  std::uint32_t nodes_ = 0;
  event::LogLimit log_limit_;
  event::Alarm<Fleet, &Fleet::onAlarm> alarm_;
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

// A worker's connections to the servers that decide about claims.
std::unique_ptr<redis::Servers> makeServers(const FleetServer& server,
                                            const redis::Client::Tools& tools);

// The names of the counts of a filter in the server.
struct FleetCounts {
  std::string prefix;    // the beginning of all of them
  bool one_key = false;  // all claims of a request have the same key
};

enum class Taking : std::uint8_t { kLook, kTake, kTakeMore };

// The name of the count of a claim. In `arena`.
std::string_view fleetKey(const RateClaim& claim, const FleetCounts& counts, Arena& arena);
// The arguments with which the server decides about the claims. The texts lie in `arena`.
std::span<const std::string_view> fleetQuestion(std::span<const RateClaim> claims,
                                                const FleetCounts& counts, Taking taking,
                                                Arena& arena);
// Completes the claims by the server's reply; false if it is not a decision.
bool readFleetReply(const redis::Reply& reply, std::span<RateClaim> claims, bool& allowed,
                    Taking taking);

// Reduces the limit of a claim to that of one of `nodes` instances if each has an equal share.
void reduceToShare(RateClaim& claim, std::uint32_t nodes);

}  // namespace weir::gateway
