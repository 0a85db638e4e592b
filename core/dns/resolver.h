#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/base/result.h"
#include "core/dns/answer.h"
#include "core/dns/resolv_conf.h"
#include "core/event/file_watch.h"
#include "core/event/loop.h"

namespace weir::dns {

class Channel;
class Lookup;

struct ResolverOptions {
  std::vector<std::string> servers =
      {};                               // "127.0.0.1:53", "[::1]:53"; empty: as the system has them
  bool search_domains = true;           // of the system, for names that are not complete
  Milliseconds attempt_timeout{2'000};  // for one question to one server
  unsigned attempts = 2;                // of each server
  Milliseconds deadline{8'000};         // for an answer, whatever it takes
  std::size_t max_in_flight = 128;      // questions at once; further lookups wait
  std::string resolv_conf = "/etc/resolv.conf";
};

// A question to the Resolver. Destroying it cancels it.
class Query {
 public:
  virtual ~Query() = default;
};

// Finds addresses and services by name: in the hosts file, then from DNS servers. Where it asks
// the system's servers, it follows changes of resolv.conf.
//
// A name that is not complete is completed by the search list. A domain of that list whose servers
// fail or keep silent delays an answer, but does not prevent it.
//
// Thread: the loop's. Outlived by the loop; a Query that is alive when it goes is never answered.
class Resolver final : private event::TurnEnd {
 public:
  using OnAddresses = std::function<void(const Result<Addresses>&)>;
  using OnServices = std::function<void(const Result<Services>&)>;

  // Time for the second family after the first has answered.
  static constexpr Milliseconds kFamilyDelay{50};

  // kInvalid when a server is not an address with a port.
  static Result<std::unique_ptr<Resolver>> make(event::Loop& loop, const ResolverOptions& options);
  ~Resolver() override;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Asks for the addresses of both families at once, or of one alone. The answer never comes from
  // within the call; what it is told to may destroy the Query and ask again, but not destroy the
  // Resolver. It comes once; where one family is late, what is known comes first (`last` is
  // false). Fails with kNotFound, kTimeout, kRefused, kInvalid (not a name) or kProtocol (the
  // server cannot say) when no family has an address.
  std::unique_ptr<Query> resolve(std::string_view host, Family family, OnAddresses on_done);
  std::unique_ptr<Query> resolveSrv(std::string_view name, OnServices on_done);

  // Called when the system's servers or search list have changed.
  void setOnServersChanged(std::function<void()> on_change) { on_change_ = std::move(on_change); }

  std::size_t inFlight() const;  // questions to servers

 private:
  friend class Lookup;

  Resolver(event::Loop& loop, const ResolverOptions& options);
  Result<void> open();
  void readSystem();
  Result<std::unique_ptr<Channel>> openChannel();
  std::unique_ptr<Query> submit(std::unique_ptr<Lookup> lookup);
  void settle(Lookup& lookup);  // to be told at the end of the turn
  void forget(Lookup& lookup);
  void onSystemChanged();
  void onTurnEnd() override;
  void askWaiting();

  event::Loop& loop_;
  const ResolverOptions options_;
  ResolvConf system_;
  std::unique_ptr<Channel> hosts_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<event::FileWatch> watch_;
  std::function<void()> on_change_;
  std::unordered_set<Lookup*> lookups_;
  std::deque<Lookup*> waiting_;  // for their turn to be asked
  std::deque<Lookup*> settled_;  // to be told at the end of the turn
};

}  // namespace weir::dns
