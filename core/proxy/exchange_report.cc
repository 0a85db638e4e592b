#include "core/proxy/exchange_report.h"

#include <cstring>
#include <new>
#include <span>

#include "core/proxy/grpc.h"
#include "core/proxy/metrics.h"

// Tested in exchange_test.cc and exchange_reasons_test.cc.
namespace weir::proxy {
namespace {

AppProtocol protocolOf(const ExchangeState& state, bool grpc) {
  if (state.tunnel) return AppProtocol::kWebSocket;
  if (grpc) return AppProtocol::kGrpc;
  return state.request.version == http::Version::kHttp2 ? AppProtocol::kH2 : AppProtocol::kH1;
}

// A sampled request is an example of its duration.
void noteExample(const ExchangeState& state, const RequestLabels& labels) {
  RequestMetrics& metrics = state.engine.requestMetrics();
  if (!metrics.hasDetails()) return;
  const http::TraceParent& context = state.trace->context;
  Exemplar exemplar;
  std::memcpy(exemplar.trace_id.data(), context.trace_id.data(), sizeof exemplar.trace_id);
  std::memcpy(&exemplar.span_id, context.span_id.data(), sizeof exemplar.span_id);
  exemplar.value = state.times.total;
  exemplar.time = wallClockNow();
  metrics.note(labels, exemplar);
}

void countRetries(const ExchangeState& state) {
  using upstream::RetryOutcome;
  const bool ok =
      state.failure.reason == Reason::kNone && state.tries.verdict() == upstream::Verdict::kSuccess;
  state.tries.countRetries(state.routeId(), ok ? RetryOutcome::kSuccess : RetryOutcome::kFailure);
}

// Of the connection, if the head is incomplete.
std::string_view clientAddress(ExchangeState& state) {
  if (!state.downstream.address.empty()) return state.downstream.address;
  char* const text = state.arena.allocate(IpAddress::kMaxText);
  return state.peer.ip.formatClient(
      std::span<char, IpAddress::kMaxText>(text, IpAddress::kMaxText));
}

void describeClient(ExchangeState& state, http::ExchangeRecord& record) {
  record.trusted_peer = state.downstream.trusted_peer;
  record.client_address = clientAddress(state);
  record.server_port = state.peer.port;
  if (state.peer.security != nullptr) {
    record.tls = true;
    record.server_name = state.peer.security->server_name;
  }
  const net::PeerCertificate* const peer = state.peer.peer();
  if (peer == nullptr) return;
  record.client_identity = peer->identity;
  record.client_certificate = peer->hash;
  record.client_subject = peer->shortName();
}

void describeRequest(const ExchangeState& state, http::ExchangeRecord& record) {
  const http::Request& request = state.request;
  record.method = request.method;
  record.version = request.version;
  record.has_query = request.has_query;
  record.method_text = request.method_text;
  record.scheme = request.scheme;
  record.authority = state.downstream.host.empty() ? request.authority : state.downstream.host;
  record.path = state.original_path;
  record.normalized_path = state.admitted_path;
  record.query = state.original_query;
  record.request_id = state.request_id;
  record.request_body_bytes = state.request_relay.bytes();
  record.request_headers = &request.headers;
}

void describeResponse(const ExchangeState& state, http::ExchangeRecord& record) {
  record.status = state.status;
  record.response_body_bytes = state.response_relay.bytes() + state.local_body_bytes;
  record.reason = state.failure.reason;
  record.reason_detail = state.failure.detail;
  record.attempts = state.tries.attempts();
  if (const auto* cluster = state.tries.cluster()) record.upstream = cluster->plan().name;
  record.endpoint = state.endpoint;
  record.upstream_identity = state.upstream_identity;
  if (isGrpc(state.request)) record.grpc_status = grpcStatus(state.response);
  record.response_headers = &state.response.headers;
}

}  // namespace

http::ExchangeRecord describeExchange(ExchangeState& state) {
  http::ExchangeRecord record;
  record.times = state.times;
  describeClient(state, record);
  describeRequest(state, record);
  describeResponse(state, record);
  record.listener = state.listener.plan().name;
  if (state.peer.interception != nullptr) {
    record.original_destination = state.peer.interception->text;
  }
  if (state.route != nullptr) record.route = state.route->name;
  if (state.trace != nullptr) record.trace_id = state.trace->id;
  return record;
}

void countExchange(ExchangeState& state) {
  MetricCells& cells = state.engine.metrics();
  const NameId listener = state.listener.id();
  const NameId route = state.routeId();
  const http::Request& request = state.request;
  // The method of an incomplete head is unknown.
  const auto method =
      static_cast<unsigned>(request.method_text.empty() ? http::Method::kOther : request.method);
  const bool grpc = isGrpc(request);
  if (grpc) cells.counter(grpcRequestsKey(route, grpcCode(grpcStatus(state.response)))).add();
  const RequestLabels labels{listener, route, method, protocolOf(state, grpc), state.status};
  state.engine.requestMetrics().count(labels, state.times,
                                      state.response_relay.bytes() + state.local_body_bytes);
  if (state.trace != nullptr && state.trace->context.sampled) noteExample(state, labels);
  const std::uint64_t body_bytes = state.request_relay.bytes();
  if (body_bytes > 0) cells.counter(requestBodyBytesKey(listener, route)).add(body_bytes);
  const Failure& failure = state.failure;
  if (failure.reason != Reason::kNone) {
    cells.counter(localRepliesKey(listener, route, state.status, failure.reason, failure.filter))
        .add();
  }
  if (state.tries.retries() > 0) countRetries(state);
}

http::ExchangeView& viewOf(ExchangeState& state) {
  if (state.view == nullptr) {
    void* const memory =
        state.arena.allocate(sizeof(http::ExchangeView), alignof(http::ExchangeView));
    state.view = new (memory) http::ExchangeView(describeExchange(state));
    state.view->record.start = wallClockNow() - state.elapsed();
  }
  return *state.view;
}

void beginSteps(Tap& tap, ExchangeState& state) {
  state.steps = tap.begin(state.arena);
  if (state.steps != nullptr) state.tries.observe(state.steps->candidates);
}

void reportExchange(ExchangeState& state) {
  http::ExchangeRecord record = describeExchange(state);
  record.start = wallClockNow() - state.times.total;
  if (state.view != nullptr) {
    record.principal = &state.view->principal;
    record.shadow = state.view->record.shadow;
  }
  Tracer* const tracer = state.engine.tracer();
  if (state.trace != nullptr && tracer != nullptr) tracer->end(*state.trace, record);
  Tap* const tap = state.engine.tap();
  if (state.steps != nullptr && tap != nullptr) tap->end(*state.steps, record);
  state.engine.record(record);
}

}  // namespace weir::proxy
