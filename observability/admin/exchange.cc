#include "observability/admin/exchange.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/log.h"
#include "core/http/status.h"
#include "core/net/stream.h"
#include "observability/admin/origin_check.h"
#include "observability/admin/page_request.h"
#include "observability/admin/pages.h"

namespace weir::admin {
namespace {

constexpr std::size_t kMaxBody = 64 * 1024;
constexpr std::size_t kPiece = 64 * 1024;
// Time limit for workers to report their state, or for a reload to be applied.
constexpr Milliseconds kAnswerTimeout{30'000};

}  // namespace

PendingReplies::Ticket PendingReplies::take(Exchange& exchange) {
  waiting_.emplace(++latest_, &exchange);
  return latest_;
}

void PendingReplies::deliver(Ticket ticket, PageReply reply) {
  const auto found = waiting_.find(ticket);
  if (found != waiting_.end()) found->second->onReply(std::move(reply));
}

Exchange::Exchange(Shared& shared, const Caller& caller, http::Responder& responder)
    : shared_(shared),
      caller_(caller),
      responder_(responder),
      deadline_(shared.loop.wheel(), *this),
      arena_(shared.loop.scratch()),
      request_(arena_) {}

Exchange::~Exchange() {
  if (ticket_) shared_.tickets.giveBack(*ticket_);
  shared_.unsent_bytes -= reply_.body.size() - sent_;
}

void Exchange::onRequestHead() {
  const bool has_body =
      request_.body == http::BodyKind::kLength || request_.body == http::BodyKind::kStream;
  request_ended_ = !has_body;
  if (!has_body) return ask();
  deadline_.arm(shared_.settings.header_timeout);
  if (request_.content_length > kMaxBody) return refuse(413, "the body is too large");
  if (!request_.expects_continue) return;
  http::Response proceed(arena_);
  proceed.status = 100;
  responder_.sendInformational(proceed);
}

void Exchange::onRequestBody(Bytes bytes) {
  if (stage_ != Stage::kReceiving) return;
  body_.append(asText(bytes));
  if (body_.size() > kMaxBody) refuse(413, "the body is too large");
}

void Exchange::onRequestEnd() {
  request_ended_ = true;
  if (stage_ == Stage::kReceiving) ask();  // otherwise it was refused
}

void Exchange::onRequestFailed(Error error) {
  const Reason reason = http::reasonForRequest(error);
  const bool gone = reason == Reason::kClientDisconnect || reason == Reason::kDraining;
  if (gone || stage_ != Stage::kReceiving) return stop();
  refuse(http::statusForRequest(error), error.detail);
}

void Exchange::ask() {
  stage_ = Stage::kWaiting;
  deadline_.arm(kAnswerTimeout);
  const std::string_view refusal = refusalOf(request_, shared_.settings.hosts);
  if (!refusal.empty()) return refuse(403, refusal);
  if (shared_.unsent_bytes > Shared::kMaxUnsent)
    return refuse(503, "too many response bytes are pending");
  serve(questionOf(request_, std::move(body_)));
}

void Exchange::serve(const PageRequest& question) {
  PageReply refusal;
  const Page* const page = findPage(question, refusal);
  if (page == nullptr) return onReply(std::move(refusal));
  const auto who = shared_.access.admit(page->needs, caller_, request_.headers);
  if (!who) return onReply(shared_.access.refusal(page->needs));
  if (page->needs == Role::kOperate && changesState(question.method)) {
    log::info("admin: POST " + std::string(page->path) + " by " + *who);
  }
  ticket_ = shared_.tickets.take(*this);
  PendingReplies& tickets = shared_.tickets;
  servePage(*page, question, shared_.subject, [&tickets, ticket = *ticket_](PageReply reply) {
    tickets.deliver(ticket, std::move(reply));
  });
}

void Exchange::refuse(int status, std::string_view detail) { onReply(errorReply(status, detail)); }

void Exchange::onReply(PageReply reply) {
  if (stage_ > Stage::kWaiting) return;
  if (ticket_) shared_.tickets.giveBack(*ticket_);
  ticket_.reset();
  stage_ = Stage::kSending;
  reply_ = std::move(reply);
  // Connections with events are never idle, and must leave room for others.
  if (reply_.feed != nullptr && shared_.streams >= (shared_.settings.max_connections + 1) / 2) {
    reply_ = errorReply(503, "too many event streams");
  }
  shared_.unsent_bytes += reply_.body.size();
  deadline_.arm(shared_.settings.idle_timeout);
  send();
}

void Exchange::onResponseDrained() {
  if (stage_ == Stage::kStreaming) return stream_->onDrained();
  if (stage_ != Stage::kSending) return;
  deadline_.arm(shared_.settings.idle_timeout);
  send();
}

// Sends as much as the client takes; the rest follows once it has read that. The reply to a client
// that keeps sending requests but reads nothing waits likewise.
void Exchange::send() {
  if (responder_.queued() > net::Stream::kLowWater) return;
  if (!head_sent_) sendHead();
  if (reply_.feed != nullptr && !silent()) return stream();
  while (sendPiece()) {
    if (responder_.queued() > net::Stream::kLowWater) return;
  }
  finish();
  stage_ = Stage::kDone;
  responder_.release();
}

// The head has been sent. The rest is up to the feed, until the client leaves.
void Exchange::stream() {
  stage_ = Stage::kStreaming;
  deadline_.disarm();
  stream_.emplace(shared_, responder_, reply_, static_cast<EventStreamEvents&>(*this));
  stream_->start();
}

void Exchange::onFinished() {
  stage_ = Stage::kDone;
  responder_.finish(nullptr);
  responder_.release();
}

// True if the reply has no body.
bool Exchange::silent() const {
  return request_.method == http::Method::kHead || (reply_.body.empty() && reply_.feed == nullptr);
}

void Exchange::finish() {
  if (!reply_.grpc_status || reply_.body.empty()) return responder_.finish(nullptr);
  http::Headers trailers(arena_);
  addGrpcStatus(trailers);
  responder_.finish(&trailers);
}

void Exchange::addGrpcStatus(http::Headers& fields) {
  fields.add("grpc-status", arena_.copy(std::to_string(*reply_.grpc_status)));
}

void Exchange::sendHead() {
  head_sent_ = true;
  http::Response response(arena_);
  response.status = reply_.status;
  // Only a body of unknown length can have trailers.
  const bool unknown_length = reply_.grpc_status || reply_.feed != nullptr;
  response.has_content_length = !unknown_length;
  response.content_length = reply_.body.size();
  response.body = unknown_length ? http::BodyKind::kStream : http::BodyKind::kLength;
  if (silent()) response.body = http::BodyKind::kNone;
  response.ends_connection = !request_ended_;
  http::Headers& headers = response.headers;
  headers.add(http::HeaderId::kContentType, reply_.content_type);
  if (!reply_.content_encoding.empty()) {
    headers.add(http::HeaderId::kContentEncoding, reply_.content_encoding);
  }
  headers.add(http::HeaderId::kServer, "weir");
  headers.add(http::HeaderId::kCacheControl, "no-store");
  headers.add("x-content-type-options", "nosniff");
  headers.add("content-security-policy", "default-src 'self'; frame-ancestors 'none'");
  if (!reply_.allow.empty()) headers.add("allow", reply_.allow);
  if (!reply_.authenticate.empty()) headers.add("www-authenticate", reply_.authenticate);
  if (reply_.grpc_status && silent()) addGrpcStatus(headers);
  responder_.sendHead(response);
  if (!silent()) return;
  shared_.unsent_bytes -= reply_.body.size();
  sent_ = reply_.body.size();
}

// False if nothing is left.
bool Exchange::sendPiece() {
  const Bytes rest = asBytes(reply_.body).subspan(sent_);
  if (rest.empty()) return false;
  const Bytes piece = rest.first(std::min(rest.size(), kPiece));
  sent_ += piece.size();
  shared_.unsent_bytes -= piece.size();
  responder_.sendBody(piece);
  return true;
}

void Exchange::onDeadline() {
  switch (stage_) {
    case Stage::kReceiving:
      return refuse(408, "the body was not complete in time");
    case Stage::kWaiting:
      return refuse(504, "no result in time; the operation may still be in progress");
    case Stage::kSending:
    case Stage::kStreaming:  // without a deadline
    case Stage::kDone:
      return stop();
  }
}

// The client is gone or does not read its reply.
void Exchange::stop() {
  stage_ = Stage::kDone;
  responder_.abort();
  responder_.release();
}

}  // namespace weir::admin
