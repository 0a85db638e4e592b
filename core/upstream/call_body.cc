#include "core/upstream/call_body.h"

#include <utility>
#include <vector>

#include "core/net/stream.h"

namespace weir::upstream {
namespace {

constexpr std::size_t kLowWater = net::Stream::kLowWater;

}  // namespace

void CallBody::push(Bytes bytes) {
  if (discarding_ || ended_) return;
  bytes_ += bytes.size();
  if (sink_ != nullptr && bytes_ > replay_limit_) stopKeeping();
  if (sink_ == nullptr || replayable_) held_.append(bytes);
  if (sink_ != nullptr) sink_->sendBody(bytes);
  if (queued() > kLowWater) backed_up_ = true;
}

void CallBody::end(const http::Headers* trailers) {
  if (discarding_ || std::exchange(ended_, true)) return;
  trailers_ = trailers;
  if (sink_ != nullptr) sink_->finish(trailers);
}

void CallBody::attach(http::BodySink& sink) {
  sink_ = &sink;
  std::vector<Bytes> pieces(held_.size() / 1024 + 2);
  const std::size_t count = held_.peek(pieces);
  for (std::size_t i = 0; i < count; ++i) sink.sendBody(pieces[i]);
  if (bytes_ > replay_limit_) stopKeeping();
  if (ended_) sink.finish(trailers_);
}

void CallBody::stopKeeping() {
  if (sink_ == nullptr) return;  // nothing was sent
  replayable_ = false;
  held_.clear();
}

void CallBody::discard() {
  discarding_ = true;
  sink_ = nullptr;
  held_.clear();
}

std::size_t CallBody::queued() const { return sink_ == nullptr ? held_.size() : sink_->queued(); }

bool CallBody::takeDrained() {
  if (!backed_up_ || queued() > kLowWater) return false;
  backed_up_ = false;
  return true;
}

}  // namespace weir::upstream
