// The cost of metrics: a cell on the path of a request, and a scrape of many series.
#include <string>

#include <benchmark/benchmark.h>

#include "core/base/metric_cells.h"
#include "core/proxy/metrics.h"
#include "observability/metrics/page.h"

namespace weir {
namespace {

// The four statuses of `routes` routes, so that the index has the size of a busy gateway's.
void fillRequests(MetricCells& cells, NameTable& names, unsigned routes) {
  const NameId listener = names.intern("public");
  for (unsigned i = 0; i < routes; ++i) {
    const NameId route = names.intern("route-" + std::to_string(i));
    for (const int status : {200, 304, 404, 503}) {
      cells.counter(proxy::requestsKey(listener, route, 0, proxy::AppProtocol::kH1, status)).add(i);
    }
  }
}

void fillHistograms(MetricCells& cells, NameTable& names, unsigned routes) {
  const NameId listener = names.intern("public");
  for (unsigned i = 0; i < routes; ++i) {
    const NameId route = names.intern("route-" + std::to_string(i));
    const auto key = proxy::requestDurationKey(listener, route, proxy::AppProtocol::kH1, 200);
    cells.histogram(key).observe(Nanoseconds(i * 100'000));
  }
}

void lookUp(benchmark::State& state) {
  MetricCells cells(100'000);
  NameTable names;
  const auto routes = static_cast<unsigned>(state.range(0));
  fillRequests(cells, names, routes);
  const NameId listener = names.intern("public");
  NameId route = names.intern("route-0");
  const NameId first = route;
  for (auto _ : state) {
    cells.counter(proxy::requestsKey(listener, route, 0, proxy::AppProtocol::kH1, 200)).add();
    route = route + 1 == first + routes ? first : route + 1;
  }
}
BENCHMARK(lookUp)->Arg(1)->Arg(100)->Arg(5000);

void addToHandle(benchmark::State& state) {
  MetricCells cells;
  const Counter counter = cells.counter(proxy::requestBodyBytesKey(1, 2));
  for (auto _ : state) {
    counter.add();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(addToHandle);

void observeWithHandle(benchmark::State& state) {
  MetricCells cells;
  const Histogram histogram = cells.histogram(proxy::timeToFirstByteKey(1, 2));
  std::int64_t duration = 1;
  for (auto _ : state) {
    histogram.observe(Nanoseconds(duration));
    duration = (duration * 5) & 0xFFFFFFFFF;  // spread over the buckets
  }
}
BENCHMARK(observeWithHandle);

// The text of a page after the first one: the prefixes of its lines are cached.
void scrape(benchmark::State& state, void (*fill)(MetricCells&, NameTable&, unsigned)) {
  NameTable names;
  MetricCells control;
  MetricCells workers[2];
  metrics::Page page(names, {}, control);
  for (MetricCells& worker : workers) {
    fill(worker, names, static_cast<unsigned>(state.range(0)));
    page.addSource(worker);
  }
  std::size_t bytes = page.text().size();
  for (auto _ : state) bytes = page.text().size();
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
  state.counters["MB"] = static_cast<double>(bytes) / 1e6;
  state.counters["ms_per_MB"] =
      benchmark::Counter(static_cast<double>(bytes) / 1e9 * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(scrape, counters, fillRequests)->Arg(2500)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(scrape, histograms, fillHistograms)
    ->Arg(1000)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir
