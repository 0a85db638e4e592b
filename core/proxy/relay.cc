#include "core/proxy/relay.h"

#include <array>
#include <utility>

namespace weir::proxy {

void Relay::push(Bytes bytes) {
  bytes_ += bytes.size();
  if (discarding_) return;
  if (sink_ != nullptr && replayable_ && bytes_ > replay_limit_) stopKeeping();
  if (sink_ == nullptr || replayable_) held_.append(bytes);
  if (sink_ == nullptr) {
    if (held_.size() >= kMostHeld) pause();
    return;
  }
  sink_->sendBody(bytes);
  // The sink may have failed and detached itself within the call.
  if (sink_ != nullptr && sink_->queued() >= kHighWater) pause();
}

void Relay::end(const http::Headers* trailers) {
  ended_ = true;
  trailers_ = trailers;
  if (sink_ != nullptr) sink_->finish(trailers);
}

void Relay::attach(http::BodySink& sink) {
  sink_ = &sink;
  if (bytes_ > replay_limit_) replayable_ = false;
  if (!replayable_) {
    while (!held_.empty()) {
      const Bytes piece = held_.front();
      sink.sendBody(piece);
      held_.consume(piece.size());
    }
  } else if (!held_.empty()) {
    std::array<Bytes, 16> pieces;
    // kMaxReplay fits in this many chunks.
    const std::size_t count = held_.peek(pieces);
    for (std::size_t i = 0; i < count; ++i) sink.sendBody(pieces[i]);
  }
  if (ended_) sink.finish(trailers_);
  if (paused_) onDrained();
}

void Relay::continueTo(http::BodySink& sink) {
  held_.clear();  // the request's bytes, which have been sent
  replayable_ = false;
  ended_ = false;
  trailers_ = nullptr;
  attach(sink);
}

void Relay::insert(http::BodySource& stage, Buffer& held) {
  while (!held_.empty()) {
    const Bytes piece = held_.front();
    held.append(piece);
    held_.consume(piece.size());
  }
  bytes_ = 0;
  ended_ = false;
  http::BodySource* const source = std::exchange(source_, &stage);
  if (std::exchange(paused_, false) && source != nullptr) source->setReading(true);
}

void Relay::stopKeeping() {
  replayable_ = false;
  if (sink_ != nullptr) held_.clear();
}

void Relay::discard() {
  discarding_ = true;
  sink_ = nullptr;
  held_.clear();
  onDrained();
}

void Relay::pause() {
  if (paused_ || source_ == nullptr) return;
  paused_ = true;
  source_->setReading(false);
}

void Relay::onDrained() {
  const std::size_t waiting = sink_ == nullptr ? held_.size() : sink_->queued();
  if (!paused_ || waiting > kLowWater) return;
  paused_ = false;
  if (source_ != nullptr) source_->setReading(true);
}

}  // namespace weir::proxy
