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
  std::vector<std::string> servers = {};  // "127.0.0.1:53", "[::1]:53"; empty: those of resolv_conf
  bool search_domains = true;             // apply those of resolv_conf to incomplete names
  Milliseconds attempt_timeout{2'000};    // for one query to one server
  unsigned attempts = 2;                  // per server
  Milliseconds deadline{8'000};           // for the complete answer
  std::size_t max_in_flight = 128;        // concurrent queries; further lookups wait
  std::string resolv_conf = "/etc/resolv.conf";
};

// A lookup in progress. Destroying it cancels it.
class Query {
 public:
  virtual ~Query() = default;
};

// Finds addresses and services by name: in the hosts file, then from DNS servers. If it uses the
// system's servers, it applies changes of resolv.conf.
//
// The search list completes incomplete names. A domain of that list whose servers fail or do not
// answer delays an answer, but does not prevent it.
//
// Thread: the loop's. The loop outlives it; a Query that outlives it is never answered.
class Resolver final : private event::TurnEnd {
 public:
  using OnAddresses = std::function<void(const Result<Addresses>&)>;
  using OnServices = std::function<void(const Result<Services>&)>;

  // Time for the second family after the first has answered.
  static constexpr Milliseconds kFamilyDelay{50};

  // kInvalid if a server is not an address with a port.
  static Result<std::unique_ptr<Resolver>> make(event::Loop& loop, const ResolverOptions& options);
  ~Resolver() override;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Queries the addresses of both families at once, or of one alone. `on_done` is never called
  // within the call; it may destroy the Query and start another, but not destroy the Resolver. It
  // is called once or, if one family is late, first with what is known (`last` is false). Fails
  // with kNotFound, kTimeout, kRefused, kInvalid (not a name) or kProtocol (no usable answer) if no
  // family has an address.
  std::unique_ptr<Query> resolve(std::string_view host, Family family, OnAddresses on_done);
  std::unique_ptr<Query> resolveSrv(std::string_view name, OnServices on_done);

  // Called after the system's servers or search list have changed.
  void setOnServersChanged(std::function<void()> on_change) { on_change_ = std::move(on_change); }

  std::size_t inFlight() const;  // queries to servers

 private:
  friend class Lookup;

  Resolver(event::Loop& loop, const ResolverOptions& options);
  Result<void> open();
  void readSystem();
  Result<std::unique_ptr<Channel>> openChannel();
  std::unique_ptr<Query> submit(std::unique_ptr<Lookup> lookup);
  void settle(Lookup& lookup);  // its callback is due at the end of the turn
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
  std::deque<Lookup*> waiting_;  // not begun yet
  std::deque<Lookup*> settled_;  // callbacks due at the end of the turn
};

}  // namespace weir::dns
