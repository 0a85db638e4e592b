// The cost of the access log on the worker: one line from record to block, without the write.
#include <memory>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "core/base/arena.h"
#include "observability/access_log/worker_log.h"

namespace weir::access_log {
namespace {

constexpr std::string_view kCommon =
    "${client.address} - - [${time}] \"${request.method} ${request.path} ${request.protocol}\" "
    "${response.status} ${response.bytes} \"${request.header.referer}\" "
    "\"${request.header.user-agent}\"";

struct Exchange {
  BlockPool pool{4096};
  Arena arena{pool};
  http::Headers headers{arena};
  http::ExchangeRecord record;

  Exchange() {
    headers.add("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0");
    headers.add("Referer", "https://shop.example.com/cart");
    record.start = Nanoseconds(1'700'000'000'123'456'789);
    record.times.connected = record.times.upstream_first_byte = Nanoseconds(800'000);
    record.times.total = Nanoseconds(1'200'000);
    record.method_text = "GET";
    record.scheme = "https";
    record.authority = "api.example.com";
    record.path = "/orders/7/items";
    record.query = "page=2";
    record.status = 200;
    record.response_body_bytes = 5120;
    record.attempts = 1;
    record.client_address = "203.0.113.9:51000";
    record.listener = "public";
    record.route = "orders";
    record.upstream = "orders-v1";
    record.endpoint = "10.0.0.7:8080";
    record.request_id = "0192f0c1-7b1e-7cc2-9d55-0242ac120002";
    record.request_headers = &headers;
  }
};

void line(benchmark::State& state, std::string_view format) {
  const Exchange exchange;
  event::WriterSignal signal = std::move(event::WriterSignal::open().value());
  event::WriteQueue queue(signal);
  MetricCells cells;
  Settings settings;
  settings.format = format;
  WorkerLog log({settings, event::WriteQueueHandle(&queue), cells, 0, Random(1)});
  for (auto _ : state) {
    log.log(exchange.record);
    while (queue.front()) queue.pop(true);
  }
}
BENCHMARK_CAPTURE(line, json, "json");
BENCHMARK_CAPTURE(line, common, kCommon);

}  // namespace
}  // namespace weir::access_log
