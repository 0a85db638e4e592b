#include "core/proxy/mirror.h"

#include <memory>
#include <utility>

#include "core/upstream/failure_reason.h"

namespace weir::proxy {
namespace {

void copyHeaders(const http::Headers& from, http::Headers& to, Arena& arena) {
  for (const http::Header& field : from) {
    to.add(field.id, arena.copy(field.name), arena.copy(field.value));
  }
}

}  // namespace

Mirror::Mirror(Engine& engine, upstream::Cluster& cluster, NameId route,
               const http::Request& original)
    : engine_(engine),
      upstream_(cluster.plan().id),
      route_(route),
      attempt_(engine.loop(), tries_, *this),
      arena_(engine.loop().scratch()),
      request_(arena_),
      response_(arena_),
      relay_(engine.loop().chunks()),
      fed_(original.body == http::BodyKind::kNone) {
  tries_.begin(cluster);
  request_ = original;
  request_.headers = http::Headers(arena_);
  request_.trailers = http::Headers(arena_);
  copyHeaders(original.headers, request_.headers, arena_);
  request_.method_text = arena_.copy(original.method_text);
  request_.authority = arena_.copy(original.authority);
  request_.path = arena_.copy(original.path);
  request_.query = arena_.copy(original.query);
  request_.upgrade = {};
  request_.expects_continue = false;
  relay_.setSource(*this);
}

Mirror* Mirror::start(Engine& engine, NameId cluster, NameId route, const Plan& plan,
                      const http::Request& request) {
  upstream::Cluster* const target = engine.clusters().get(cluster, plan.clusters);
  if (target == nullptr) {
    engine.metrics().counter(mirrorRequestsKey(cluster, route, MirrorOutcome::kFailed, 0)).add();
    return nullptr;
  }
  auto made = std::make_unique<Mirror>(engine, *target, route, request);
  Mirror& mirror = *made;
  engine.adopt(std::move(made));
  mirror.send();
  return request.body == http::BodyKind::kNone ? nullptr : &mirror;
}

void Mirror::send() {
  if (attempt_.begin() != Reason::kNone) return finish(MirrorOutcome::kFailed);
  attempt_.limit(kTimeout);
  attempt_.acquire({});
}

void Mirror::onAcquired(const upstream::PooledConnection& lease) {
  http::Requester& requester = attempt_.open(lease, *this);
  requester.sendHead(request_);
  if (request_.body != http::BodyKind::kNone) relay_.attach(requester);
}

void Mirror::onAcquireFailed(Error error) {
  attempt_.end(AttemptOutcome::kError, upstream::reasonForConnecting(error), 0);
  finish(MirrorOutcome::kFailed);
}

bool Mirror::push(Bytes bytes) {
  if (done_) {
    leaveWhenFed();
    return false;
  }
  relay_.push(bytes);
  const http::Requester* const requester = attempt_.requester();
  const std::size_t waiting = requester == nullptr ? relay_.bytes() : requester->queued();
  if (waiting <= kMaxWaiting) return true;
  fed_ = true;
  finish(MirrorOutcome::kSkipped);
  return false;
}

void Mirror::end(const http::Headers* trailers) {
  if (trailers != nullptr) copyHeaders(*trailers, request_.trailers, arena_);
  if (!done_) relay_.end(&request_.trailers);
  leaveWhenFed();
}

void Mirror::abandon() {
  fed_ = true;
  if (!done_) return finish(MirrorOutcome::kSkipped);
  engine_.release(*this);
}

void Mirror::onResponseEnd() {
  attempt_.end(AttemptOutcome::kOk, Reason::kNone, response_.status);
  finish(MirrorOutcome::kSent);
}

void Mirror::onResponseFailed(Error error) {
  const bool begun = attempt_.headArrived();
  const Reason reason =
      begun ? Reason::kUpstreamResetAfterHeaders : attempt_.reasonForResponse(error);
  attempt_.end(AttemptOutcome::kError, reason, begun ? response_.status : 0);
  finish(MirrorOutcome::kFailed);
}

void Mirror::onAttemptTimeout() {
  relay_.detach();
  const int status = attempt_.headArrived() ? response_.status : 0;
  attempt_.drop(AttemptOutcome::kTimeout, Reason::kUpstreamTimeout, status);
  finish(MirrorOutcome::kFailed);
}

void Mirror::finish(MirrorOutcome outcome) {
  if (std::exchange(done_, true)) return;
  relay_.detach();
  engine_.metrics().counter(mirrorRequestsKey(upstream_, route_, outcome, response_.status)).add();
  attempt_.drop(AttemptOutcome::kCancel, Reason::kNone, 0);
  tries_.end();  // `this` may outlive the cluster
  if (fed_) engine_.release(*this);
}

// The original request may point to this mirror until its body has passed.
void Mirror::leaveWhenFed() {
  fed_ = true;
  if (done_) engine_.release(*this);
}

void Mirrors::start(Engine& engine, const route::Route& route, const Plan& plan,
                    const http::Request& request) {
  for (const route::Mirror& mirror : route.mirrors) {
    if (!mirror.wants(engine.random())) continue;
    Mirror* const fed = Mirror::start(engine, mirror.cluster, route.id, plan, request);
    if (fed != nullptr) fed->next = std::exchange(first_, fed);
  }
}

void Mirrors::feed(Bytes bytes) {
  for (Mirror** at = &first_; *at != nullptr;) {
    Mirror* const next = (*at)->next;
    if ((*at)->push(bytes)) {
      at = &(*at)->next;
    } else {
      *at = next;
    }
  }
}

void Mirrors::end(const http::Headers* trailers) {
  while (first_ != nullptr) std::exchange(first_, first_->next)->end(trailers);
}

void Mirrors::abandon() {
  while (first_ != nullptr) std::exchange(first_, first_->next)->abandon();
}

}  // namespace weir::proxy
