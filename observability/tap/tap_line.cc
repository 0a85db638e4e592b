#include "observability/tap/tap_line.h"

#include <algorithm>
#include <string_view>

#include "core/config/redaction.h"
#include "core/filter/chain.h"
#include "core/http/header_id.h"
#include "core/upstream/metrics.h"
#include "observability/access_log/line.h"
#include "observability/text/secrets.h"

namespace weir::tap {
namespace {

using access_log::Line;

constexpr std::size_t kMostValue = 512;
constexpr std::string_view kRedacted = "REDACTED";

// Writes the members of JSON objects and arrays, with the commas between them.
class LineWriter {
 public:
  explicit LineWriter(Line& line) : line_(line) {}

  void open(std::string_view key, std::string_view bracket) {
    name(key);
    line_.raw(bracket);
    first_ = true;
  }
  void close(std::string_view bracket) {
    line_.raw(bracket);
    first_ = false;
  }
  // Texts that are empty are left out.
  void text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    beginText(key);
    line_.value(value);
    endText();
  }
  void beginText(std::string_view key) {
    name(key);
    line_.raw("\"");
    line_.beginValue();
  }
  void piece(std::string_view value) { line_.value(value); }
  void endText() {
    line_.endValue();
    line_.raw("\"");
  }
  void number(std::string_view key, std::uint64_t value) {
    name(key);
    line_.number(value);
  }
  // Negative times are left out.
  void milliseconds(std::string_view key, Nanoseconds time) {
    if (time >= Nanoseconds(0)) thousandths(key, static_cast<std::uint64_t>(time.count()) / 1000);
  }
  void thousandths(std::string_view key, std::uint64_t value) {
    name(key);
    line_.number(value / 1000);
    const char fraction[] = {'.', static_cast<char>('0' + value / 100 % 10),
                             static_cast<char>('0' + value / 10 % 10),
                             static_cast<char>('0' + value % 10)};
    line_.raw({fraction, sizeof fraction});
  }
  void time(std::string_view key, Nanoseconds wall_clock) {
    name(key);
    line_.raw("\"");
    line_.time(wall_clock);
    line_.raw("\"");
  }

 private:
  // An element of an array has no key. Keys in the code need no escaping.
  void name(std::string_view key) {
    if (!first_) line_.raw(",");
    first_ = false;
    if (key.empty()) return;
    line_.raw("\"");
    line_.raw(key);
    line_.raw("\":");
  }

  Line& line_;
  bool first_ = true;
};

void writeSafeUrl(std::string_view url, LineWriter& json) {
  const std::size_t end = url.find('?');
  json.piece(url.substr(0, end == std::string_view::npos ? end : end + 1));
  if (end == std::string_view::npos) return;
  visitRedacted(url.substr(end + 1), [&json](std::string_view piece) { json.piece(piece); });
}

bool isUrl(http::HeaderId id) {
  return id == http::HeaderId::kReferer || id == http::HeaderId::kLocation;
}

// As pairs, because names may be repeated and are untrusted.
void writeHeaders(std::string_view key, const http::Headers* headers, LineWriter& json) {
  if (headers == nullptr || headers->empty()) return;
  json.open(key, "[");
  for (const http::Header& header : *headers) {
    json.open({}, "[");
    json.beginText({});
    json.piece(header.name);
    json.endText();
    json.beginText({});
    if (config::isCredentialName(header.name) || isSecretParameter(header.name)) {
      json.piece(kRedacted);
    } else if (isUrl(header.id)) {
      writeSafeUrl(header.value, json);
    } else {
      json.piece(header.value);
    }
    json.endText();
    json.close("]");
  }
  json.close("]");
}

void writeRequest(const http::ExchangeRecord& record, LineWriter& json) {
  json.open("request", "{");
  json.text("id", record.request_id);
  json.text("method", record.method_text.empty() ? toString(record.method) : record.method_text);
  json.text("scheme", record.scheme);
  json.text("authority", record.authority);
  json.text("path", record.path);
  if (record.has_query) {
    json.beginText("query");
    visitRedacted(record.query, [&json](std::string_view piece) { json.piece(piece); });
    json.endText();
  }
  json.text("protocol", toString(record.version));
  json.number("bytes", record.request_body_bytes);
  json.close("}");
}

void writeClient(const http::ExchangeRecord& record, LineWriter& json) {
  json.open("client", "{");
  json.text("address", record.client_address);
  json.text("identity", record.client_identity);
  if (record.principal != nullptr) {
    json.text("authenticated_by", record.principal->method);
    json.text("subject", record.principal->subject);
  }
  json.close("}");
}

void writeStep(const filter::Link& link, std::string_view side, const filter::Step& step,
               LineWriter& json) {
  json.open({}, "{");
  json.text("filter", link.name);
  json.text("of", link.of_listener ? "listener" : "route");
  json.text("side", side);
  json.text("verdict", filter::toString(step.outcome));
  if (step.began.count() > 0) json.milliseconds("duration_ms", step.ended - step.began);
  json.close("}");
}

void writeFilters(const filter::Steps& steps, LineWriter& json) {
  if (steps.size == 0) return;
  json.open("filters", "[");
  for (std::size_t i = 0; i < steps.size; ++i) {
    writeStep(*steps.filters[i].link, "request", steps.filters[i].request, json);
  }
  for (std::size_t i = steps.size; i > 0; --i) {
    const filter::Steps::OfFilter& of = steps.filters[i - 1];
    if (of.response.outcome == filter::Step::Outcome::kNotReached) continue;
    writeStep(*of.link, "response", of.response, json);
  }
  json.close("]");
}

void writeCandidates(const upstream::Candidates& candidates, LineWriter& json) {
  if (candidates.all().empty()) return;
  json.open("candidates", "[");
  for (const auto& each : candidates.all()) {
    json.open({}, "{");
    json.text("endpoint", each.endpoint);
    json.thousandths("cost", static_cast<std::uint64_t>(std::max(each.cost, 0.0) * 1000));
    json.number("in_flight", each.in_flight);
    json.close("}");
  }
  json.close("]");
}

void writeAttempt(const proxy::AttemptStep& attempt, LineWriter& json) {
  const upstream::Outcome& outcome = attempt.outcome;
  const Nanoseconds began = attempt.ended - outcome.duration;
  json.open({}, "{");
  json.text("endpoint", attempt.endpoint);
  writeCandidates(attempt.candidates, json);
  if (attempt.connected) {
    json.text("connection", attempt.reused ? "reused" : "new");
  }
  json.milliseconds("began_ms", began);
  if (attempt.connected) json.milliseconds("connected_ms", attempt.connected_at);
  if (outcome.first_byte) json.milliseconds("first_byte_ms", began + *outcome.first_byte);
  json.milliseconds("ended_ms", attempt.ended);
  json.text("outcome", upstream::kAttemptOutcomeWords[static_cast<std::size_t>(outcome.result)]);
  if (outcome.status != 0) json.number("status", static_cast<std::uint64_t>(outcome.status));
  if (outcome.reason != Reason::kNone) json.text("reason", toString(outcome.reason));
  json.close("}");
}

// They are linked from the latest one back.
void writeAttempts(const proxy::ExchangeSteps& steps, LineWriter& json) {
  constexpr std::size_t kMost = 16;
  const proxy::AttemptStep* list[kMost];
  std::size_t count = 0;
  for (const auto* each = steps.attempts; each != nullptr && count < kMost; each = each->before) {
    list[count++] = each;
  }
  if (count == 0) return;
  json.open("attempts", "[");
  while (count > 0) writeAttempt(*list[--count], json);
  json.close("]");
}

void writeResponse(const http::ExchangeRecord& record, LineWriter& json) {
  json.open("response", "{");
  if (record.status != 0) json.number("status", static_cast<std::uint64_t>(record.status));
  json.text("grpc_status", record.grpc_status);
  if (record.reason != Reason::kNone) json.text("reason", toString(record.reason));
  json.text("detail", record.reason_detail);
  json.number("bytes", record.response_body_bytes);
  json.close("}");
}

void writeTimings(const http::PhaseTimes& times, LineWriter& json) {
  json.open("timings_ms", "{");
  json.milliseconds("request_head", times.request_head);
  json.milliseconds("routed", times.routed);
  json.milliseconds("connected", times.connected);
  json.milliseconds("request_sent", times.request_sent);
  json.milliseconds("upstream_first_byte", times.upstream_first_byte);
  json.milliseconds("total", times.total);
  json.close("}");
}

std::size_t write(const proxy::ExchangeSteps& steps, const http::ExchangeRecord& record,
                  bool headers, Line& line) {
  LineWriter json(line);
  json.open({}, "{");
  json.time("time", record.start);
  writeRequest(record, json);
  writeClient(record, json);
  json.text("listener", record.listener);
  json.text("route", record.route);
  json.text("upstream", record.upstream);
  json.text("trace_id", record.trace_id);
  writeFilters(steps.filters, json);
  writeAttempts(steps, json);
  writeResponse(record, json);
  writeTimings(record.times, json);
  if (headers) {
    writeHeaders("request_headers", record.request_headers, json);
    writeHeaders("response_headers", record.response_headers, json);
  }
  json.close("}");
  return line.overflowed() ? 0 : line.size();
}

}  // namespace

std::size_t writeLine(const proxy::ExchangeSteps& steps, const http::ExchangeRecord& record,
                      bool headers, std::span<char> room) {
  for (const bool with_headers : {true, false}) {
    if (with_headers && !headers) continue;
    Line line(room, kMostValue, access_log::Escape::kJson);
    if (const std::size_t size = write(steps, record, with_headers, line)) return size;
  }
  return 0;
}

}  // namespace weir::tap
