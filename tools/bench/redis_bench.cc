// Decisions of a Redis server on one worker's connection, and what a round trip costs without them.
// WEIR_REDIS is the server's address, such as 127.0.0.1:6379; without it nothing is measured.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/event/loop.h"
#include "core/net/connector.h"
#include "core/net/dialer.h"
#include "core/redis/client.h"
#include "core/redis/servers.h"
#include "gateway/limit/fleet.h"
#include "gateway/limit/rate_table.h"

namespace weir::gateway {
namespace {

// Connects to the one server.
class BenchDialer final : public net::Dialer {
 public:
  BenchDialer(event::Loop& loop, const net::Address& server) : connector_(loop), server_(server) {}
  Result<std::unique_ptr<net::Stream>> dial(NameId) override { return connector_.connect(server_); }
  Result<std::unique_ptr<net::Stream>> dial(NameId, const net::Address& to) override {
    return connector_.connect(to);
  }
  std::size_t endpoints(NameId) override { return 1; }

 private:
  net::TcpConnector connector_;
  const net::Address server_;
};

struct Bench {
  explicit Bench(const net::Address& server) : dialer(loop, server) {}

  event::Loop loop;
  Random random{1};
  BenchDialer dialer;
  void add(std::int64_t time) {
    times.push_back(time);
    if (times.size() == until) loop.stop();
  }

  std::size_t until = 0;            // decisions of this iteration and those before
  std::vector<std::int64_t> times;  // ns, of each decision
};

std::unique_ptr<Bench> benchFor(benchmark::State& state) {
  const char* const server = std::getenv("WEIR_REDIS");
  const auto address = net::Address::parse(server == nullptr ? "" : server);
  if (address.ok()) return std::make_unique<Bench>(address.value());
  state.SkipWithError("WEIR_REDIS is not set");
  return nullptr;
}

void report(benchmark::State& state, Bench& bench) {
  std::vector<std::int64_t>& times = bench.times;
  state.SetItemsProcessed(static_cast<std::int64_t>(times.size()));
  if (times.empty()) return;
  const auto middle = times.begin() + std::ssize(times) / 2;
  std::nth_element(times.begin(), middle, times.end());
  state.counters["p50_us"] = static_cast<double>(*middle) / 1e3;
}

// One caller, whose next request follows the decision about the previous one.
class Caller final : public redis::Evaluation {
 public:
  Caller(Bench& bench, redis::Servers& servers, std::uint64_t key)
      : bench_(bench), servers_(servers), arena_(bench.loop.scratch()) {
    claim_.rate = {Nanoseconds(1'000'000), 1'000};
    claim_.key = key;
  }
  void ask() {
    arena_.reset();
    asked_ = monotonicNow();
    const redis::Words words = fleetQuestion({&claim_, 1}, counts_, Taking::kTake, arena_);
    if (!servers_.evaluate(words, *this)) std::abort();
  }

 private:
  void onResult(const redis::Reply& reply) override {
    bool allowed = false;
    if (!readFleetReply(reply, {&claim_, 1}, allowed, Taking::kTake)) std::abort();
    bench_.add((monotonicNow() - asked_).count());
    ask();
  }
  void onNoResult() override { std::abort(); }

  Bench& bench_;
  redis::Servers& servers_;
  Arena arena_;
  const FleetCounts counts_{"weir:rl:bench:", true};
  RateClaim claim_;
  Nanoseconds asked_{0};
};

constexpr std::size_t kEachTime = 10'000;  // decisions of an iteration

void runFor(benchmark::State& state, Bench& bench) {
  for (auto _ : state) {
    bench.until = bench.times.size() + kEachTime;
    bench.loop.run();
  }
  report(state, bench);
}

void decide(benchmark::State& state) {
  const auto bench = benchFor(state);
  if (bench == nullptr) return;
  FleetServer server;
  server.upstream = "bench";
  server.timeout = Milliseconds(10'000);
  const auto servers = makeServers(server, {bench->loop, bench->random, bench->dialer});
  std::vector<std::unique_ptr<Caller>> callers;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    callers.push_back(
        std::make_unique<Caller>(*bench, *servers, bench->random.below(1'000'000'007)));
    callers.back()->ask();
  }
  runFor(state, *bench);
  for (const auto& caller : callers) redis::Servers::cancel(*caller);
}
BENCHMARK(decide)->Arg(1)->Arg(32)->Arg(128)->Arg(512)->UseRealTime()->Unit(
    benchmark::kMillisecond);

// The least work of the server.
class Pinger final : public redis::Waiter {
 public:
  Pinger(Bench& bench, redis::Client& client) : bench_(bench), client_(client) {}
  void ask() {
    const std::string_view words[] = {"PING"};
    asked_ = monotonicNow();
    client_.send(words, *this);
  }

 private:
  void onReply(const redis::Reply&) override {
    bench_.add((monotonicNow() - asked_).count());
    ask();
  }
  void onNoReply() override { std::abort(); }

  Bench& bench_;
  redis::Client& client_;
  Nanoseconds asked_{0};
};

void roundTrip(benchmark::State& state) {
  const auto bench = benchFor(state);
  if (bench == nullptr) return;
  redis::Client client({.name = "bench", .timeout = Milliseconds(10'000)},
                       {bench->loop, bench->random, bench->dialer});
  Pinger pinger(*bench, client);
  pinger.ask();
  runFor(state, *bench);
  client.cancel(pinger);
}
BENCHMARK(roundTrip)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir::gateway
