// The cost of selecting an endpoint, and of the outcome that peak_ewma learns from.
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/base/hash.h"
#include "core/event/loop.h"
#include "core/server/registry.h"
#include "mesh/balance/balancers.h"

namespace weir::mesh {
namespace {

using upstream::Member;

// Members with a latency each, and their balancer.
class Pool {
 public:
  Pool(const char* balancer, std::size_t size) {
    addBalancers(registry_);
    balancer_ = registry_.balancer({balancer, nullptr, {}})({random_, loop_, in_flight_});
    std::vector<Member*> members;
    for (std::size_t i = 0; i < size; ++i) {
      Member& member = *owned_.emplace_back(std::make_unique<Member>());
      const auto high = static_cast<std::uint8_t>(i >> 8U);
      member.endpoint.address = {IpAddress::v4({10, 0, high, static_cast<std::uint8_t>(i)}), 80};
      members.push_back(&member);
    }
    balancer_->setMembers(members);
    for (Member* member : members) {
      balancer_->onOutcome(*member, {.status = 200, .first_byte = Nanoseconds(10'000'000)});
    }
  }
  upstream::Balancer& balancer() { return *balancer_; }

 private:
  server::Registry registry_;
  Random random_{1};
  event::Loop loop_{event::Loop::Time::kManual};
  std::uint32_t in_flight_ = 0;
  std::vector<std::unique_ptr<Member>> owned_;
  std::unique_ptr<upstream::Balancer> balancer_;
};

void pick(benchmark::State& state, const char* name) {
  Pool pool(name, static_cast<std::size_t>(state.range(0)));
  std::uint64_t key = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(pool.balancer().pick({.key = mixed(++key)}));
  }
}
BENCHMARK_CAPTURE(pick, peak_ewma, "peak_ewma")->Arg(3)->Arg(10'000);
BENCHMARK_CAPTURE(pick, least_request, "least_request")->Arg(3)->Arg(10'000);
BENCHMARK_CAPTURE(pick, round_robin, "round_robin")->Arg(3)->Arg(10'000);
BENCHMARK_CAPTURE(pick, random, "random")->Arg(3)->Arg(10'000);
BENCHMARK_CAPTURE(pick, first, "first")->Arg(3)->Arg(10'000);
BENCHMARK_CAPTURE(pick, maglev, "maglev")->Arg(3)->Arg(10'000);
BENCHMARK_CAPTURE(pick, ring_hash, "ring_hash")->Arg(3)->Arg(10'000);

// A request: the selection, and its outcome.
void request(benchmark::State& state, const char* name) {
  Pool pool(name, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    Member& member = *pool.balancer().pick({});
    pool.balancer().onOutcome(member, {.status = 200, .first_byte = Nanoseconds(10'000'000)});
  }
}
BENCHMARK_CAPTURE(request, peak_ewma, "peak_ewma")->Arg(3)->Arg(10'000);

// The time for which a change of the endpoints occupies each worker.
void build(benchmark::State& state, const char* name) {
  for (auto _ : state) Pool(name, static_cast<std::size_t>(state.range(0)));
}
BENCHMARK_CAPTURE(build, peak_ewma, "peak_ewma")->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(build, maglev, "maglev")->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(build, ring_hash, "ring_hash")
    ->Arg(100)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir::mesh
