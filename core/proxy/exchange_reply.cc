#include <cstring>
#include <new>
#include <span>

#include "core/http/status.h"
#include "core/proxy/downstream_owner.h"
#include "core/proxy/exchange.h"
#include "core/proxy/grpc.h"
#include "core/proxy/local_reply.h"
#include "core/proxy/upgrade.h"

// Local replies, and the end of an exchange.
namespace weir::proxy {

route::ExchangeVariables Exchange::variables() const {
  route::ExchangeVariables variables;
  variables.request = &request_;
  variables.response = &response_;
  variables.captures = &captures_;
  variables.request_id = request_id_;
  variables.client_address = downstream_.address;
  variables.authority = downstream_.host;
  if (caller_.peer() != nullptr) variables.client_identity = caller_.peer()->identity;
  if (route_ != nullptr) variables.route_name = route_->name;
  if (const auto* cluster = tries_.cluster()) variables.upstream_name = cluster->plan().name;
  return variables;
}

const ListenerPlan& Exchange::listenerPlan() const {
  return listener_plan_ == nullptr ? listener_.plan() : *listener_plan_;
}

void Exchange::fail(Reason reason, std::string_view detail) {
  replyLocally(http::statusFor(reason), reason, detail);
}

void Exchange::replyLocally(const filter::LocalReply& reply, NameId filter) {
  if (stage_ == Stage::kDone) return;
  if (response_begun_) return abortWith({reply.reason, reply.detail, filter});
  int status = reply.status == 0 ? http::statusFor(reply.reason) : reply.status;
  if (status < 300 && asksForTunnel(request_)) status = 501;
  dropAttempt(AttemptOutcome::kCancel, reply.reason);
  failure_ = {reply.reason, reply.detail, filter};
  response_ = http::Response(arena_);
  response_.status = status;
  // RFC 9110, 15.5.9: the connection is closed after a request timeout.
  response_.ends_connection = status == 408;
  sendLocal(fillReply(reply, {request_, request_id_, listenerPlan().reason_header}, response_));
}

// Max-Forwards is exhausted: weir is the final recipient of the request.
bool Exchange::endForwards() {
  if (request_.method == http::Method::kTrace) {
    fail(Reason::kConfigDisabled, "weir does not respond to TRACE");
    return true;
  }
  response_ = http::Response(arena_);
  response_.status = 200;
  response_.headers.add("allow", kAllowedMethods);
  sendLocal({});
  return true;
}

bool Exchange::sendRedirect(const route::Redirect& redirect) {
  http::Request asked = request_;
  if (!downstream_.host.empty()) asked.authority = downstream_.host;
  const auto location = redirect.location(asked, variables());
  if (!location.ok()) {
    fail(Reason::kBadRequest, location.error().detail);
    return true;
  }
  response_ = http::Response(arena_);
  response_.status = redirect.status();
  response_.headers.add(http::HeaderId::kLocation, location.value());
  if (route_ != nullptr && !route_->response_headers.empty()) {
    route_->response_headers.apply(response_.headers, variables());
  }
  sendLocal({});
  return true;
}

bool Exchange::sendResponse(const route::Respond& respond) {
  if (respond.status < 300 && asksForTunnel(request_)) {
    replyLocally(501, Reason::kConfigDisabled, "the route does not accept tunnels");
    return true;
  }
  response_ = http::Response(arena_);
  response_.status = respond.status;
  const std::string_view body = respond.body.expand(variables(), arena_);
  respond.headers.apply(response_.headers, variables());
  if (!body.empty() && response_.headers.find(http::HeaderId::kContentType) == nullptr) {
    response_.headers.add(http::HeaderId::kContentType, "text/plain; charset=utf-8");
  }
  if (!route_->response_headers.empty()) {
    route_->response_headers.apply(response_.headers, variables());
  }
  sendLocal(body);
  return true;
}

// Sends the local reply and ends the exchange. `body` is in the arena or in the plan.
void Exchange::sendLocal(std::string_view body) {
  response_.headers.add(http::HeaderId::kServer, "weir");
  // RFC 9110, 6.6.1.
  if (response_.headers.find(http::HeaderId::kDate) == nullptr) {
    response_.headers.add(http::HeaderId::kDate, engine_.date());
  }
  if (filters_) body = filters_->onLocalReply({response_, body, failure_.reason});
  const bool has_body = frameReply(response_, body.size(), request_.method);
  const route::HeaderRules& rules = listenerPlan().response_rules;
  if (!rules.empty()) rules.apply(response_.headers, variables());
  response_begun_ = true;
  status_ = response_.status;
  responder_.sendHead(response_);
  if (has_body) {
    responder_.sendBody(asBytes(body));
    response_relay_.discard();
    local_body_bytes_ = body.size();
  }
  responder_.finish(nullptr);
  complete();
}

// Aborts a response whose head has been sent.
void Exchange::abortWith(const Failure& failure) {
  if (stage_ == Stage::kDone) return;
  failure_ = failure;
  dropAttempt(AttemptOutcome::kCancel, failure.reason);
  responder_.abort();
  complete();
}

void Exchange::onRequestFailed(Error error) {
  request_ended_ = true;
  const Reason reason = http::reasonForRequest(error);
  if (reason == Reason::kClientDisconnect || reason == Reason::kDraining) {  // no recipient
    failure_ = {reason, error.detail};
    if (!response_begun_) status_ = http::statusFor(reason);
    dropAttempt(AttemptOutcome::kCancel, reason);
    complete();
  } else {
    replyLocally(http::statusForRequest(error), reason, error.detail);
  }
  run();
}

void Exchange::complete() {
  if (stage_ == Stage::kDone) return;
  stage_ = Stage::kDone;
  if (filters_) filters_->stop();
  times_.total = monotonicNow() - started_;  // includes weir's own processing
  mirrors_.abandon();
  endResponse();
  if (pinned_ != nullptr) listener_.requestsInFlight().add(-1);
  countRequest();
  if (engine_.accessLog() != nullptr || trace_ != nullptr) report();
}

void Exchange::countRequest() {
  MetricCells& cells = engine_.metrics();
  const NameId listener = listener_.id();
  const NameId route = routeId();
  // The method of an incomplete head is unknown.
  const auto method =
      static_cast<unsigned>(request_.method_text.empty() ? http::Method::kOther : request_.method);
  AppProtocol protocol = AppProtocol::kH1;
  if (request_.version == http::Version::kHttp2) protocol = AppProtocol::kH2;
  if (isGrpc(request_)) {
    protocol = AppProtocol::kGrpc;
    cells.counter(grpcRequestsKey(route, grpcCode(grpcStatus(response_)))).add();
  }
  if (tunnel_) protocol = AppProtocol::kWebSocket;
  const RequestLabels labels{listener, route, method, protocol, status_};
  engine_.requestMetrics().count(labels, times_, response_relay_.bytes() + local_body_bytes_);
  if (trace_ != nullptr && trace_->context.sampled) noteExample(labels);
  if (request_relay_.bytes() > 0) {
    cells.counter(requestBodyBytesKey(listener, route)).add(request_relay_.bytes());
  }
  if (failure_.reason != Reason::kNone) {
    cells.counter(localRepliesKey(listener, route, status_, failure_.reason, failure_.filter))
        .add();
  }
  if (tries_.retries() > 0) {
    using upstream::RetryOutcome;
    const bool ok =
        failure_.reason == Reason::kNone && tries_.verdict() == upstream::Verdict::kSuccess;
    const auto outcome = ok ? RetryOutcome::kSuccess : RetryOutcome::kFailure;
    tries_.countRetries(route, outcome);
  }
}

// A sampled request is an example of its duration.
void Exchange::noteExample(const RequestLabels& labels) {
  RequestMetrics& metrics = engine_.requestMetrics();
  if (!metrics.hasDetails()) return;
  Exemplar exemplar;
  std::memcpy(exemplar.trace_id.data(), trace_->context.trace_id.data(), sizeof exemplar.trace_id);
  std::memcpy(&exemplar.span_id, trace_->context.span_id.data(), sizeof exemplar.span_id);
  exemplar.value = times_.total;
  exemplar.time = wallClockNow();
  metrics.note(labels, exemplar);
}

// What is known so far, without the time of the start.
http::ExchangeRecord Exchange::describe() {
  http::ExchangeRecord record;
  record.times = times_;
  record.method = request_.method;
  record.version = request_.version;
  record.has_query = request_.has_query;
  record.trusted_peer = downstream_.trusted_peer;
  record.method_text = request_.method_text;
  record.scheme = request_.scheme;
  record.authority = downstream_.host.empty() ? request_.authority : downstream_.host;
  record.path = original_path_;
  record.normalized_path = admitted_path_;
  record.query = original_query_;
  record.status = status_;
  record.request_body_bytes = request_relay_.bytes();
  record.response_body_bytes = response_relay_.bytes() + local_body_bytes_;
  record.reason = failure_.reason;
  record.reason_detail = failure_.detail;
  record.attempts = tries_.attempts();
  record.client_address = downstream_.address;
  if (downstream_.address.empty()) {  // the head is incomplete
    char* const text = arena_.allocate(net::Ip::kMaxText);
    record.client_address =
        caller_.ip.formatClient(std::span<char, net::Ip::kMaxText>(text, net::Ip::kMaxText));
  }
  if (caller_.security != nullptr) {
    record.tls = true;
    record.server_name = caller_.security->server_name;
  }
  if (caller_.peer() != nullptr) {
    record.client_identity = caller_.peer()->identity;
    record.client_certificate = caller_.peer()->hash;
    record.client_subject = caller_.peer()->shortName();
  }
  record.listener = listener_.plan().name;
  if (caller_.interception != nullptr) record.original_destination = caller_.interception->text;
  if (route_ != nullptr) record.route = route_->name;
  if (const auto* cluster = tries_.cluster()) record.upstream = cluster->plan().name;
  record.endpoint = endpoint_;
  record.upstream_identity = upstream_identity_;
  if (isGrpc(request_)) record.grpc_status = grpcStatus(response_);
  record.request_id = request_id_;
  if (trace_ != nullptr) record.trace_id = trace_->id;
  record.request_headers = &request_.headers;
  record.response_headers = &response_.headers;
  return record;
}

http::ExchangeView& Exchange::view() {
  if (view_ == nullptr) {
    void* const memory = arena_.allocate(sizeof(http::ExchangeView), alignof(http::ExchangeView));
    view_ = new (memory) http::ExchangeView(describe());
    view_->record.start = wallClockNow() - elapsed();
  }
  return *view_;
}

// Passes the exchange on to the tracer and to the access log.
void Exchange::report() {
  http::ExchangeRecord record = describe();
  record.start = wallClockNow() - times_.total;
  if (view_ != nullptr) {
    record.principal = &view_->principal;
    record.shadow = view_->record.shadow;
  }
  if (trace_ != nullptr && engine_.tracer() != nullptr) engine_.tracer()->end(*trace_, record);
  if (engine_.accessLog() != nullptr) engine_.accessLog()->log(record);
}

}  // namespace weir::proxy
