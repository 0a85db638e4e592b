#include "observability/access_log/otlp_log.h"

#include <array>

#include "core/base/number.h"
#include "observability/otlp/exchange_attributes.h"

namespace weir::access_log {
namespace {

// Fields of LogRecord.
constexpr std::uint32_t kTime = 1;
constexpr std::uint32_t kSeverity = 2;
constexpr std::uint32_t kAttributes = 6;
constexpr std::uint32_t kTraceId = 9;
constexpr std::uint32_t kObserved = 11;
constexpr std::uint32_t kEventName = 12;

constexpr std::uint64_t kInfo = 9;
constexpr std::uint64_t kError = 17;

// The bytes of an ID in hexadecimal.
std::array<std::uint8_t, 16> bytesOf(std::string_view hex) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = parseNumber<std::uint8_t>(hex.substr(2 * i, 2), 16).value_or(0);
  }
  return bytes;
}

std::size_t encode(std::span<char> room, const http::ExchangeRecord& record, Arena& arena) {
  otlp::RecordWriter to(room, kAttributes);
  const auto time = static_cast<std::uint64_t>((record.start + record.times.total).count());
  to.fixed64(kTime, time);
  to.fixed64(kObserved, time);
  to.number(kSeverity, record.status >= 500 ? kError : kInfo);
  to.text(kEventName, "http.server.request");
  otlp::writeExchange(to, record, arena);
  to.attribute("http.request.body.size", record.request_body_bytes);
  to.attribute("http.response.body.size", record.response_body_bytes);
  to.attribute("weir.duration_us", static_cast<std::uint64_t>(record.times.total.count()) / 1000);
  to.attribute("network.peer.address", record.endpoint);
  if (record.reason != Reason::kNone) to.attribute("error.type", toString(record.reason));
  if (record.trace_id.size() == 32) to.bytes(kTraceId, bytesOf(record.trace_id));
  return to.finish();
}

}  // namespace

void OtlpLog::log(const http::ExchangeRecord& record) {
  if (selection_.wants(record)) {
    queue_.add([&](std::span<char> room) { return encode(room, record, arena_); });
  }
  arena_.reset();
}

}  // namespace weir::access_log
