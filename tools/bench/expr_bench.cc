// The cost of evaluating an expression, as for a condition on each request.
#include <string_view>

#include <benchmark/benchmark.h>

#include "core/base/arena.h"
#include "core/base/check.h"
#include "observability/access_log/condition.h"

namespace weir::access_log {
namespace {

void evaluate(benchmark::State& state, std::string_view text) {
  BlockPool pool(4096);
  Arena arena(pool);
  http::Headers headers(arena);
  headers.add("Host", "api.example.com");
  headers.add("User-Agent", "curl/8.5.0");
  headers.add("x-a", "bcd");
  http::ExchangeRecord record;
  record.method_text = "POST";
  record.path = "/orders/7/items";
  record.status = 200;
  record.request_headers = &headers;
  expr::Mistake mistake;
  const auto condition = Condition::parse(text, mistake);
  WEIR_CHECK(condition.has_value());
  BlockPool scratch_pool(4096);
  Arena scratch(scratch_pool);
  for (auto _ : state) {
    benchmark::DoNotOptimize(holds(*condition, record, scratch));
    scratch.reset();
  }
}
BENCHMARK_CAPTURE(evaluate, constant, "true");
BENCHMARK_CAPTURE(evaluate, status, "response.status >= 500");
BENCHMARK_CAPTURE(evaluate, method_and_header,
                  "request.method == \"POST\" && request.headers[\"x-a\"].startsWith(\"b\")");
BENCHMARK_CAPTURE(evaluate, path_regex, "request.path.matches(\"^/orders/[0-9]+/\")");
BENCHMARK_CAPTURE(evaluate, path_parts, "request.path.split(\"/\").exists(p, p == \"items\")");

}  // namespace
}  // namespace weir::access_log
