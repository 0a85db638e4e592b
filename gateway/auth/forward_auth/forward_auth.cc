#include "gateway/auth/forward_auth/forward_auth.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/base/arena_writer.h"

namespace weir::gateway {
namespace {

using forward_auth::Answer;

constexpr std::string_view kUnavailableField = "x-weir-auth";

void takeBody(Buffer& from, std::string& to) {
  to.reserve(from.size());
  while (!from.empty()) {
    const Bytes piece = from.front();
    to.append(asText(piece));
    from.consume(piece.size());
  }
}

}  // namespace

void ForwardAuth::addRequestFields(const Config& config, http::FieldSet& fields) {
  for (const std::string& name : config.response_headers) fields.add(name);
}

filter::Verdict ForwardAuth::onRequest(http::Request& request) {
  request_ = &request;
  const bool has_body =
      request.body == http::BodyKind::kLength || request.body == http::BodyKind::kStream;
  if (config_.body == 0 || !has_body) return ask();
  control_.watchRequestBody(filter::BodyMode::whole(config_.body));
  return filter::Verdict::proceed();
}

// The whole body: asks the service. If the request waits, the call is repeated once it is admitted.
filter::Flow ForwardAuth::onRequestBody(filter::BodyStep& step) {
  if (!asked_) {
    takeBody(step.in, body_);
    const filter::Verdict verdict = ask();
    if (!verdict.proceeds()) return verdict;
  }
  passed_ += step.out.append(asBytes(body_).subspan(passed_));
  return passed_ < body_.size() ? filter::Flow::more() : filter::Flow::proceed();
}

filter::Verdict ForwardAuth::ask() {
  asked_ = true;
  if (config_.isShadow()) {
    local_.askAside({*request_, control_, body_});
    return filter::Verdict::proceed();
  }
  if (auto known = local_.ask({*request_, control_, body_}, *this)) {
    return decide(std::move(known));
  }
  return filter::Verdict::wait(config_.timeout, Reason::kExtAuthError);
}

void ForwardAuth::onAnswer(forward_auth::SharedAnswer answer) {
  control_.resumeRequest(decide(std::move(answer)));
}

filter::Verdict ForwardAuth::onWaitExpired(filter::Side, Reason) {
  local_.onOverdue(*this);
  return fail("the auth service did not respond in time");
}

filter::Verdict ForwardAuth::decide(forward_auth::SharedAnswer answer) {
  admitted_ = std::move(answer);
  switch (admitted_->kind) {
    case Answer::Kind::kAllowed:
      return admit();
    case Answer::Kind::kDenied:
      count(forward_auth::Decision::kDenied);
      return refuse(Reason::kExtAuthDenied, "the auth service refused the request");
    case Answer::Kind::kBadRequest:
      // The request itself is at fault: not to be admitted by `on_error`.
      count(forward_auth::Decision::kDenied);
      return filter::Verdict::reply(
          {.reason = Reason::kBadRequest, .detail = "a header cannot be sent to the auth service"});
    case Answer::Kind::kFailed:
      break;
  }
  const bool replies = admitted_->status != 0 && config_.on_error == forward_auth::OnError::kDeny;
  if (!replies) return fail(admitted_->detail);
  count(forward_auth::Decision::kError);
  return refuse(Reason::kExtAuthError, admitted_->detail);
}

filter::Verdict ForwardAuth::admit() {
  count(forward_auth::Decision::kAllowed);
  dropClaims();
  forward_auth::applyEdits(admitted_->request_fields, request_->headers);
  forward_auth::applyQuery(*admitted_, *request_);
  return filter::Verdict::proceed();
}

// With the response of the service.
filter::Verdict ForwardAuth::refuse(Reason reason, std::string_view detail) {
  const forward_auth::SharedAnswer answer = std::move(admitted_);
  Arena& arena = control_.arena();
  http::Headers fields(arena);
  forward_auth::applyEdits(answer->response_fields, fields);
  filter::LocalReply reply;
  reply.status = answer->status;
  reply.grpc_status = answer->grpc_status;
  reply.reason = reason;
  reply.detail = detail;
  reply.headers = fields;
  reply.body = arena.copy(answer->body);
  reply.content_type = arena.copy(answer->content_type);
  return filter::Verdict::reply(reply);
}

filter::Verdict ForwardAuth::fail(std::string_view detail) {
  admitted_.reset();
  count(forward_auth::Decision::kError);
  if (config_.on_error == forward_auth::OnError::kDeny) {
    return unavailable(detail);
  }
  dropClaims();
  request_->headers.set(kUnavailableField, "unavailable");
  return filter::Verdict::proceed();
}

filter::Verdict ForwardAuth::unavailable(std::string_view detail) const {
  filter::LocalReply reply{.status = 503, .reason = Reason::kExtAuthError, .detail = detail};
  const auto pause = std::chrono::ceil<std::chrono::seconds>(local_.pauseLeft());
  if (pause.count() > 0) {
    constexpr std::size_t kDigits = 20;
    const auto seconds = static_cast<std::uint64_t>(pause.count());
    reply.headers.emplace(control_.arena())
        .add(http::HeaderId::kRetryAfter,
             ArenaWriter(control_.arena(), kDigits).number(seconds).text());
  }
  return filter::Verdict::reply(reply);
}

// Only the service may say what these headers say.
void ForwardAuth::dropClaims() {
  request_->headers.removeIf([this](const http::Header& field) {
    return std::any_of(
        config_.response_headers.begin(), config_.response_headers.end(),
        [&](const std::string& name) { return http::isSameField(name, field.name); });
  });
}

filter::Verdict ForwardAuth::onResponse(http::Response& response) {
  addFields(response);
  return filter::Verdict::proceed();
}

void ForwardAuth::addFields(http::Response& response) const {
  if (admitted_ != nullptr) {
    forward_auth::applyEdits(admitted_->response_fields, response.headers);
  }
}

void ForwardAuth::count(forward_auth::Decision decision) {
  local_.metrics().counter(forward_auth::decisionsKey(decision)).add();
}

}  // namespace weir::gateway
