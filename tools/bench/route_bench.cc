// The cost of finding a route: 10 routes and 10,000, by host and by path, and the steps before it.
#include <deque>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "core/route/path.h"
#include "core/route/route_table.h"
#include "core/route/route_table_builder.h"

namespace weir::route {
namespace {

PathPattern prefixOf(const std::string& path) {
  std::string why;
  return PathPattern::prefix(path, why).value();
}

void addRoute(RouteTableBuilder& builder, const std::string& host, PathPattern path) {
  Match match;
  match.hosts.push_back(HostPattern::parse(host).value());
  match.path = std::move(path);
  builder.add(Route(), std::move(match));
}

std::string hostName(std::int64_t number) {
  return "host-" + std::to_string(number) + ".example.com";
}
std::string pathName(std::int64_t number) { return "/api/service-" + std::to_string(number); }

// `hosts` hosts, each with a prefix and a catch-all.
RouteTable manyHosts(std::int64_t hosts) {
  RouteTableBuilder builder;
  for (std::int64_t i = 0; i < hosts; ++i) {
    addRoute(builder, hostName(i), prefixOf("/api"));
    addRoute(builder, hostName(i), PathPattern());
  }
  return std::move(builder).build();
}

// One host with `paths` prefixes.
RouteTable manyPaths(std::int64_t paths) {
  RouteTableBuilder builder;
  for (std::int64_t i = 0; i < paths; ++i) addRoute(builder, "example.com", prefixOf(pathName(i)));
  return std::move(builder).build();
}

// Requests that are used in turn.
class Requests {
 public:
  void add(std::string_view host, std::string_view path) {
    http::Request& request = requests_.emplace_back(arena_);
    request.method_text = "GET";
    request.authority = arena_.copy(host);
    request.path = arena_.copy(path);
  }
  const http::Request& next() {
    if (++at_ >= requests_.size()) at_ = 0;
    return requests_[at_];
  }

 private:
  BlockPool pool_{64 * 1024};
  Arena arena_{pool_};
  std::deque<http::Request> requests_;
  std::size_t at_ = 0;
};

void find(benchmark::State& state, const RouteTable& table, Requests& requests) {
  Captures captures;
  const Source source;
  for (auto _ : state) benchmark::DoNotOptimize(table.find(requests.next(), source, captures));
}

void sameHost(benchmark::State& state) {
  const RouteTable table = manyHosts(state.range(0));
  Requests requests;
  requests.add(hostName(state.range(0) / 2), "/api/orders/7");
  find(state, table, requests);
}
BENCHMARK(sameHost)->Arg(1)->Arg(10)->Arg(10'000);

// A different host each time, so that the table is not in the cache.
void everyHost(benchmark::State& state) {
  const RouteTable table = manyHosts(state.range(0));
  Requests requests;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    requests.add(hostName(i * 7919 % state.range(0)), "/api/orders/7");
  }
  find(state, table, requests);
}
BENCHMARK(everyHost)->Arg(1)->Arg(10)->Arg(10'000);

void everyPath(benchmark::State& state) {
  const RouteTable table = manyPaths(state.range(0));
  Requests requests;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    requests.add("example.com", pathName(i * 7919 % state.range(0)) + "/v1/7");
  }
  find(state, table, requests);
}
BENCHMARK(everyPath)->Arg(1)->Arg(10)->Arg(10'000);

void templateAndPredicate(benchmark::State& state) {
  RouteTableBuilder builder;
  std::string why;
  Match match;
  match.hosts.emplace_back();
  match.path = PathPattern::pathTemplate("/users/{id}/orders/{order}", why).value();
  match.predicates.headers.push_back({"x-v", TextMatch(TextMatch::Kind::kExact, "2")});
  builder.add(Route(), std::move(match));
  addRoute(builder, "*", prefixOf("/users"));
  const RouteTable table = std::move(builder).build();
  Requests requests;
  requests.add("example.com", "/users/7/orders/8");
  find(state, table, requests);
}
BENCHMARK(templateAndPredicate);

void regex(benchmark::State& state) {
  RouteTableBuilder builder;
  std::string why;
  addRoute(builder, "*", PathPattern::regex("/users/[0-9]+/orders/([0-9]+)", why).value());
  const RouteTable table = std::move(builder).build();
  Requests requests;
  requests.add("example.com", "/users/7/orders/8");
  find(state, table, requests);
}
BENCHMARK(regex);

void build(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(manyHosts(state.range(0)));
}
BENCHMARK(build)->Arg(10)->Arg(10'000)->Unit(benchmark::kMillisecond);

void normalize(benchmark::State& state, std::string_view path) {
  BlockPool pool(4096);
  for (auto _ : state) {
    Arena arena(pool);
    benchmark::DoNotOptimize(normalizePath(path, {.merge_slashes = true}, arena));
  }
}
BENCHMARK_CAPTURE(normalize, plain, "/api/orders/7/index.html");
BENCHMARK_CAPTURE(normalize, escaped, "/api/%6frders/./7/caf%c3%a9");

}  // namespace
}  // namespace weir::route
