#include "observability/otlp/settings.h"

#include "core/base/plain_text.h"
#include "core/config/table.h"
#include "core/http/syntax.h"

namespace weir::otlp {
namespace {

using namespace std::chrono_literals;

constexpr std::pair<std::string_view, Compression> kCompressionNames[] = {
    {"none", Compression::kNone}, {"gzip", Compression::kGzip}};

}  // namespace

void Settings::read(config::Table& table, Settings& out) {
  table.read(
      "endpoint", out.endpoint,
      "Collector that receives the records by OTLP over HTTP, in Protocol Buffers: a URL or "
      "an upstream; the path `/` stands for that of the signal, such as `/v1/traces`. "
      "Default: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT (or _LOGS_), OTEL_EXPORTER_OTLP_ENDPOINT, "
      "or \"http://localhost:4318\".");
  table.read("headers", out.headers,
             "Headers of the requests to the collector, such as a key. Added to those of "
             "OTEL_EXPORTER_OTLP_HEADERS.");
  table.read("compression", out.compression, kCompressionNames,
             "Coding of the requests to the collector. Default: OTEL_EXPORTER_OTLP_COMPRESSION, or "
             "none.");
  table.read(
      "timeout", out.timeout,
      "Time limit for each request to the collector. Default: OTEL_EXPORTER_OTLP_TIMEOUT, or "
      "10s.",
      {.min = 1ms, .max = 10min});
  table.read("service_name", out.service_name,
             "Name of this service, the attribute `service.name`. Default: OTEL_SERVICE_NAME, or "
             "\"weir\".",
             {.min_size = 1, .max_size = 255});
  table.read("resource", out.resource,
             "Attributes of this process, such as `deployment.environment.name`. Added to those of "
             "OTEL_RESOURCE_ATTRIBUTES.");
  table.read("batch", out.batch, "Maximum number of records in a request to the collector.",
             {.min = 1, .max = 10'000});
  table.read("interval", out.interval, "Time after which records are sent although they are fewer.",
             {.min = 10ms, .max = 1min});
  table.read("queue", out.queue,
             "Maximum number of records that wait for the collector. More of them wait in memory "
             "of the workers, 1 MiB each; further ones are dropped and counted.",
             {.min = 1, .max = 1'000'000});
  for (const auto& [name, value] : out.headers) {
    if (http::isToken(name) && isFieldText(value.reveal())) continue;
    table.fail("headers", "\"" + name + "\" is not the name of a header, or its value is not text");
  }
  for (const auto& [name, value] : out.resource) {
    constexpr std::size_t kMostName = 100;
    if (!name.empty() && name.size() <= kMostName) continue;
    table.fail("resource", "has an attribute without a name, or with one of more than 100 bytes");
  }
}

}  // namespace weir::otlp
