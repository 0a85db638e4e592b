#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/dns/answer.h"
#include "core/event/descriptor_watch.h"
#include "core/event/loop.h"

struct ares_channeldata;

namespace weir::dns {

struct ResolverOptions {
  std::vector<std::string> servers;     // "127.0.0.1:53", "[::1]:53"; empty: as the system has them
  bool search_domains = true;           // of the system, for names that are not complete
  Milliseconds attempt_timeout{2'000};  // for one question to one server
  unsigned attempts = 2;                // of each server
  Milliseconds deadline{8'000};         // for an answer, whatever it takes
  std::size_t max_in_flight = 64;       // questions at once; the others wait
};

// A question to the Resolver. Destroying it cancels it.
class Query {
 public:
  virtual ~Query() = default;
};

// Finds addresses and services by name: in the hosts file, then from DNS servers.
//
// Thread: the loop's. Outlived by the loop; a Query that is alive when it goes is never answered.
class Resolver final : private event::TurnEnd {
 public:
  using OnAddresses = std::function<void(const Result<Addresses>&)>;
  using OnServices = std::function<void(const Result<Services>&)>;

  // kInvalid when a server is not an address with a port.
  static Result<std::unique_ptr<Resolver>> make(event::Loop& loop, const ResolverOptions& options);
  ~Resolver() override;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Asks for A and AAAA at once. The answer comes once, never from within the call; what it is
  // told to may destroy the Query and ask again, but not destroy the Resolver. Fails with
  // kNotFound, kTimeout, kRefused, kInvalid (not a name) or kProtocol (the server cannot say).
  std::unique_ptr<Query> resolve(std::string_view host, OnAddresses on_done);
  std::unique_ptr<Query> resolveSrv(std::string_view name, OnServices on_done);

  std::size_t inFlight() const { return in_flight_; }

 private:
  class Job;
  class AddressJob;
  class SrvJob;
  class Ticket;

  Resolver(event::Loop& loop, const ResolverOptions& options);
  Result<void> open();
  std::unique_ptr<Query> submit(std::unique_ptr<Job> job, std::string_view name);
  void onSocketState(int descriptor, bool reading, bool writing);
  void process(int readable, int writable);
  void onTimer();
  void planTimer();
  void onTurnEnd() override;
  void askWaiting();

  event::Loop& loop_;
  const ResolverOptions options_;
  ares_channeldata* channel_ = nullptr;
  std::unordered_map<int, std::unique_ptr<event::DescriptorWatch>> sockets_;
  event::Alarm<Resolver, &Resolver::onTimer> timer_;
  std::list<std::unique_ptr<Job>> jobs_;
  std::deque<Job*> waiting_;   // for their turn to be asked
  std::vector<Job*> settled_;  // to be told or removed at the end of the turn
  std::size_t in_flight_ = 0;
};

}  // namespace weir::dns
