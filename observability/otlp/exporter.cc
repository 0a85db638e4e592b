#include "observability/otlp/exporter.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/base/number.h"
#include "core/base/plain_text.h"
#include "core/base/protobuf.h"
#include "core/upstream/backoff.h"
#include "observability/otlp/record_writer.h"
#include "observability/text/gzip.h"

namespace weir::otlp {
namespace {

// Fields that the messages of both signals have in common.
constexpr std::uint32_t kResources = 1;       // ExportTraceServiceRequest, ExportLogsServiceRequest
constexpr std::uint32_t kResource = 1;        // ResourceSpans, ResourceLogs
constexpr std::uint32_t kScopes = 2;          // ResourceSpans, ResourceLogs
constexpr std::uint32_t kScope = 1;           // ScopeSpans, ScopeLogs
constexpr std::uint32_t kPartialSuccess = 1;  // ExportTraceServiceResponse, ...
constexpr std::uint32_t kRejected = 1;        // ExportTracePartialSuccess, ...
constexpr std::uint32_t kRejectedWhy = 2;

constexpr std::size_t kMostResponse = 64 * 1024;
constexpr std::size_t kMostComplaint = 200;

std::string encodedResource(const Options& options) {
  ProtoWriter resource;
  for (const auto& [name, value] : options.resource) {
    ProtoWriter any;
    any.text(1, value);
    ProtoWriter attribute;
    attribute.text(1, name).message(2, any);
    resource.message(1, attribute);
  }
  ProtoWriter field;
  field.message(kResource, resource);
  return field.bytes();
}

// The size of the first of several records, its key and length included.
std::size_t firstRecordSize(std::string_view records) {
  std::size_t size = 0;
  std::size_t at = 1;  // behind the key
  for (unsigned shift = 0; at < records.size(); shift += 7) {
    const auto byte = static_cast<unsigned char>(records[at++]);
    size |= std::size_t{byte & 0x7FU} << shift;
    if (byte < 0x80) break;
  }
  return std::min(at + size, records.size());
}

bool mayRepeat(const http::Fetched& fetched) {
  if (!fetched.reply.ok()) return true;
  const int status = fetched.reply.value().status;
  return status == 429 || status == 502 || status == 503 || status == 504;
}

std::string describe(const http::Fetched& fetched) {
  if (!fetched.reply.ok()) {
    return std::string(toString(fetched.reason)) + ", " + std::string(fetched.reply.error().detail);
  }
  return "status " + std::to_string(fetched.reply.value().status);
}

}  // namespace

Result<std::unique_ptr<Exporter>> Exporter::open(Signal signal, const Tools& tools,
                                                 const Options& options) {
  WEIR_TRY(event::WriterSignal wake, event::WriterSignal::open());
  std::unique_ptr<Exporter> exporter(new Exporter(signal, tools, std::move(wake)));
  WEIR_TRY(exporter->watch_,
           event::DescriptorWatch::open(tools.loop, exporter->wake_.descriptor(),
                                        [made = exporter.get()](bool, bool) { made->onWake(); }));
  exporter->watch_->watch(true, false);
  exporter->configure(options);
  return exporter;
}

Exporter::Exporter(Signal signal, const Tools& tools, event::WriterSignal wake)
    : signal_(signal),
      tools_(tools),
      wake_(std::move(wake)),
      interval_(tools.loop.wheel(), *this),
      pause_(tools.loop.wheel(), *this),
      patience_(tools.loop.wheel(), *this) {}

Exporter::~Exporter() = default;

void Exporter::configure(const Options& options) {
  options_ = options;
  upstream_ = tools_.names.intern(options.endpoint.upstreamName());
  resource_ = encodedResource(options);
}

event::WriteQueueHandle Exporter::openQueue() {
  queues_.push_back(std::make_unique<event::WriteQueue>(wake_));
  return event::WriteQueueHandle(queues_.back().get());
}

void Exporter::onWake() {
  wake_.clear();
  pump();
}

void Exporter::onInterval() {
  seal();
  pump();
}

void Exporter::pump() {
  collect();
  send();
  noteRecords();
  finishIfDone();
}

// Several exporters may share the gauge.
void Exporter::noteRecords() {
  const auto now = static_cast<std::int64_t>(records_);
  tools_.cells.gauge(exportQueueKey(signal_)).add(now - std::exchange(reported_, now));
}

// Takes the blocks of the workers, unless enough records are waiting.
void Exporter::collect() {
  for (const auto& queue : queues_) {
    while (records_ < options_.queue) {
      const auto block = queue->front();
      if (!block) break;
      take(*block);
      queue->pop(true);
    }
  }
  std::erase_if(queues_, [](const auto& queue) { return queue->finished(); });
  if (filling_.count > 0 && on_done_ != nullptr) seal();
  if (filling_.count > 0 && !interval_.armed()) interval_.arm(options_.interval);
}

void Exporter::take(std::string_view records) {
  while (!records.empty()) {
    const std::size_t size = firstRecordSize(records);
    if (filling_.count == 0) filling_.created = monotonicNow();
    filling_.records += records.substr(0, size);
    ++filling_.count;
    ++records_;
    records.remove_prefix(size);
    if (filling_.count >= options_.batch) seal();
  }
}

void Exporter::seal() {
  interval_.disarm();
  if (filling_.count > 0) waiting_.push_back(std::exchange(filling_, {}));
}

void Exporter::send() {
  while (sending_.size() < kMostRequests && !waiting_.empty() && pauseLeft().count() <= 0) {
    Batch batch = std::move(waiting_.front());
    waiting_.pop_front();
    if (batch.tries > 0 && monotonicNow() - batch.created > kExpiry) {
      drop(DropCause::kExpired, batch.count);
      continue;
    }
    start(std::move(batch));
  }
}

std::string Exporter::bodyOf(const Batch& batch) const {
  ProtoWriter scope;
  scope.text(1, "weir").text(2, WEIR_VERSION);
  ProtoWriter records;
  records.message(kScope, scope).fields(batch.records);
  ProtoWriter resources;
  resources.fields(resource_).message(kScopes, records);
  ProtoWriter request;
  request.message(kResources, resources);
  return request.bytes();
}

void Exporter::start(Batch batch) {
  std::string body = bodyOf(batch);
  auto compressed = options_.gzip ? gzip(body) : std::nullopt;
  const bool is_compressed = compressed.has_value();
  if (is_compressed) body = *std::move(compressed);
  const std::string authority = options_.endpoint.authority();
  const std::string target = options_.endpoint.pathAndQuery();
  http::CallRequest request;
  request.method = "POST";
  request.authority = authority;
  request.target = target;
  request.headers.push_back({"content-type", "application/x-protobuf"});
  if (is_compressed) request.headers.push_back({"content-encoding", "gzip"});
  for (const auto& [name, value] : options_.headers) request.headers.push_back({name, value});
  request.body_kind = http::CallRequest::Body::kWhole;
  request.body = asBytes(body);
  http::CallOptions options;
  options.timeout = options_.timeout;
  options.awaits_discovery = true;
  options.most_body = kMostResponse;
  options.purpose = "otlp";
  ++batch.tries;
  sending_.push_back({std::move(batch), nullptr});
  const auto made = std::prev(sending_.end());
  made->call =
      http::fetch(tools_.client, upstream_, request, options,
                  [this, made](const http::Fetched& fetched) { onFetched(made, fetched); });
}

void Exporter::onFetched(std::list<Sending>::iterator sending, const http::Fetched& fetched) {
  Batch batch = std::move(sending->batch);
  const bool accepted = fetched.reply.ok() && fetched.reply.value().status >= 200 &&
                        fetched.reply.value().status < 300;
  if (accepted) {
    onAccepted(batch, fetched.reply.value().body);
  } else if (mayRepeat(fetched)) {
    repeat(std::move(batch), fetched);
  } else {
    refuse(batch, fetched);
  }
  sending_.erase(sending);  // destroys the call
  pump();
}

// The collector may have refused some of the records.
void Exporter::onAccepted(const Batch& batch, std::string_view answer) {
  tools_.cells.counter(exportRequestsKey(signal_, ExportResult::kOk)).add();
  std::size_t rejected = 0;
  ProtoReader reader(answer);
  for (ProtoField field; reader.next(field);) {
    if (field.number == kPartialSuccess && field.is_text) rejected = onPartialSuccess(field.text);
  }
  rejected = std::min(rejected, batch.count);
  tools_.cells.counter(exportedKey(signal_)).add(batch.count - rejected);
  records_ -= batch.count - rejected;
  if (rejected > 0) drop(DropCause::kRefused, rejected);
}

// Logs the reason, and returns the number of records that were refused.
std::size_t Exporter::onPartialSuccess(std::string_view message) {
  std::size_t rejected = 0;
  ProtoReader reader(message);
  for (ProtoField field; reader.next(field);) {
    if (field.number == kRejected) rejected = field.value;
    if (field.number != kRejectedWhy || field.text.empty()) continue;
    warn("the collector reports: " + printable(field.text, kMostComplaint));
  }
  return rejected;
}

void Exporter::repeat(Batch batch, const http::Fetched& fetched) {
  tools_.cells.counter(exportRequestsKey(signal_, ExportResult::kRetried)).add();
  warn("the collector does not accept " + std::string(kSignalWords[field(signal_)]) + ": " +
       describe(fetched) + "; trying again");
  const Milliseconds pause = pauseAfter(batch, fetched);
  pause_until_ = std::max(pause_until_, tools_.loop.now() + pause);
  pause_.arm(pauseLeft());
  waiting_.push_front(std::move(batch));
}

// What the collector asks for, else random, up to a limit that doubles with each try.
Milliseconds Exporter::pauseAfter(const Batch& batch, const http::Fetched& fetched) {
  if (fetched.reply.ok()) {
    const std::string_view text = fetched.reply.value().header("retry-after");
    const auto seconds = parseNumber<std::uint32_t>(text);
    if (seconds) {
      return std::clamp<Milliseconds>(std::chrono::seconds(*seconds), kFirstPause, kExpiry);
    }
  }
  const Milliseconds limit =
      upstream::backoffLimit({kFirstPause, kLongestPause}, std::max(batch.tries, 1U) - 1);
  const auto half = static_cast<std::uint64_t>(limit.count() / 2);
  return Milliseconds(static_cast<std::int64_t>(half + random_.below(half)));
}

void Exporter::refuse(const Batch& batch, const http::Fetched& fetched) {
  tools_.cells.counter(exportRequestsKey(signal_, ExportResult::kRefused)).add();
  warn("the collector refuses " + std::string(kSignalWords[field(signal_)]) + ": " +
       describe(fetched));
  drop(DropCause::kRefused, batch.count);
}

void Exporter::warn(std::string_view what) {
  const auto held_back = warnings_.admit(tools_.loop.eventTime());
  if (!held_back) return;
  log::warning("otlp: " + std::string(what) + event::LogLimit::text(*held_back));
}

void Exporter::drop(DropCause cause, std::size_t records) {
  tools_.cells.counter(exportDroppedKey(signal_, cause)).add(records);
  records_ -= records;
}

void Exporter::finish(Milliseconds patience, std::function<void()> on_done) {
  on_done_ = std::move(on_done);
  patience_.arm(patience);
}

void Exporter::noteFlushed() {
  flushed_ = true;
  seal();
  pump();
}

// Nothing is left, or the collector is away.
void Exporter::finishIfDone() {
  if (on_done_ == nullptr || !flushed_ || !sending_.empty()) return;
  if (!waiting_.empty() && pauseLeft().count() <= 0) return;
  onPatienceOver();
}

void Exporter::onPatienceOver() {
  if (on_done_ == nullptr) return;
  patience_.disarm();
  if (records_ > 0) drop(DropCause::kShutdown, records_);
  sending_.clear();
  waiting_.clear();
  std::exchange(on_done_, nullptr)();
}

}  // namespace weir::otlp
