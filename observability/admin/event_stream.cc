#include "observability/admin/event_stream.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/net/stream.h"

namespace weir::admin {
namespace {

constexpr std::string_view kComment = ":\n\n";
constexpr std::string_view kEmptyLine = "\n";

std::string eventText(std::string_view type, std::string_view data) {
  std::string text;
  text.reserve(data.size() + type.size() + 64);
  if (!type.empty()) text.append("event: ").append(type) += '\n';
  while (data.ends_with('\n')) data.remove_suffix(1);
  for (;;) {
    const std::string_view line = data.substr(0, data.find('\n'));
    text.append("data: ").append(line) += '\n';
    if (line.size() == data.size()) break;
    data.remove_prefix(line.size() + 1);
  }
  return text += '\n';
}

}  // namespace

EventStream::EventStream(Shared& shared, http::Responder& responder, PageReply& reply,
                         EventStreamEvents& events)
    : shared_(shared),
      responder_(responder),
      events_(events),
      form_(reply.content_type == kJsonLines ? Form::kLines : Form::kEvents),
      read_at_(shared.loop.now()),
      ticks_(shared.loop.wheel(), *this),
      feed_(std::move(reply.feed)) {
  ++shared_.streams;
}

EventStream::~EventStream() {
  --shared_.streams;
  shared_.unsent_bytes -= queued_;
}

Milliseconds EventStream::tick() const {
  return std::min(kHeartbeat, shared_.settings.idle_timeout);
}

void EventStream::start() {
  ticks_.arm(tick());
  feed_->start(*this);
}

bool EventStream::send(std::string_view type, std::string_view data) {
  noteQueued();
  if (wants_room_ || queued_ > kMaxQueued || shared_.unsent_bytes > Shared::kMaxUnsent) {
    wants_room_ = true;
    return false;
  }
  write(form_ == Form::kEvents ? eventText(type, data) : std::string(data).append("\n"));
  return true;
}

void EventStream::write(std::string_view text) {
  written_ += text.size();
  responder_.sendBody(asBytes(text));
  noteQueued();
}

void EventStream::noteQueued() {
  const std::size_t now = responder_.queued();
  shared_.unsent_bytes += now;
  shared_.unsent_bytes -= std::exchange(queued_, now);
}

void EventStream::onDrained() {
  noteQueued();
  if (std::exchange(wants_room_, false)) feed_->onRoom();
}

// A reader is alive as long as it reads something between two ticks.
void EventStream::onTick() {
  noteQueued();
  const std::size_t read = written_ - std::min(written_, queued_);
  if (queued_ == 0 || read > read_) {
    read_ = read;
    read_at_ = loop().now();
  } else if (loop().now() - read_at_ >= shared_.settings.idle_timeout) {
    return events_.onStalled();
  }
  ticks_.arm(tick());
  if (queued_ == 0) write(form_ == Form::kEvents ? kComment : kEmptyLine);
  // Also after a drop because of the limit for all replies, which no event of this client ends.
  if (queued_ <= net::Stream::kLowWater && std::exchange(wants_room_, false)) feed_->onRoom();
}

}  // namespace weir::admin
