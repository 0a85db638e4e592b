#include "core/proxy/mirror.h"

#include <memory>
#include <utility>

namespace weir::proxy {
namespace {

AttemptOutcome attemptOutcome(MirrorOutcome outcome) {
  switch (outcome) {
    case MirrorOutcome::kSent:
      return AttemptOutcome::kOk;
    case MirrorOutcome::kFailed:
      return AttemptOutcome::kError;
    case MirrorOutcome::kSkipped:
      return AttemptOutcome::kCancel;
  }
  return AttemptOutcome::kCancel;
}

void copyHeaders(const http::Headers& from, http::Headers& to, Arena& arena) {
  for (const http::Header& field : from) {
    to.add(field.id, arena.copy(field.name), arena.copy(field.value));
  }
}

}  // namespace

Mirror::Mirror(Engine& engine, upstream::Cluster& cluster, NameId route,
               const http::Request& original)
    : engine_(engine),
      cluster_(cluster),
      route_(route),
      arena_(engine.loop().scratch()),
      request_(arena_),
      response_(arena_),
      relay_(engine.loop().chunks()),
      started_(engine.loop().eventTime()),
      timeout_(engine.loop().wheel(), *this),
      fed_(original.body == http::BodyKind::kNone) {
  cluster_.enter();
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
  timeout_.arm(kTimeout);
  member_ = cluster_.knowsEndpoints() ? cluster_.pick({}) : nullptr;
  if (member_ == nullptr) return finish(MirrorOutcome::kFailed);
  lending_ = true;
  cluster_.acquire(*member_, *this, {});
}

void Mirror::onAcquired(const upstream::PooledConnection& lease) {
  lending_ = false;
  requester_ = &lease.codec.open(*this);
  requester_->sendHead(request_);
  if (request_.body != http::BodyKind::kNone) relay_.attach(*requester_);
}

void Mirror::onAcquireFailed(Error) {
  lending_ = false;
  finish(MirrorOutcome::kFailed);
}

bool Mirror::push(Bytes bytes) {
  if (done_) {
    leaveWhenFed();
    return false;
  }
  relay_.push(bytes);
  const std::size_t waiting = requester_ == nullptr ? relay_.bytes() : requester_->queued();
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
  requester_ = nullptr;
  finish(MirrorOutcome::kSent);
}

void Mirror::onResponseFailed(Error) {
  requester_ = nullptr;
  finish(MirrorOutcome::kFailed);
}

void Mirror::finish(MirrorOutcome outcome) {
  if (std::exchange(done_, true)) return;
  timeout_.disarm();
  relay_.detach();
  engine_.metrics()
      .counter(mirrorRequestsKey(cluster_.plan().id, route_, outcome, response_.status))
      .add();
  if (std::exchange(lending_, false)) cluster_.cancel(*this);
  if (auto* requester = std::exchange(requester_, nullptr)) requester->cancel();
  if (auto* member = std::exchange(member_, nullptr)) {
    const Nanoseconds duration = engine_.loop().eventTime() - started_;
    cluster_.done(*member, {attemptOutcome(outcome), Reason::kNone, response_.status, duration});
  }
  cluster_.leave();  // `this` may outlive the cluster
  if (fed_) engine_.release(*this);
}

// The original request may point to this mirror until its body has passed.
void Mirror::leaveWhenFed() {
  fed_ = true;
  if (done_) engine_.release(*this);
}

}  // namespace weir::proxy
