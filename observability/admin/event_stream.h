#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/event/wheel.h"
#include "core/http/codec.h"
#include "observability/admin/page_stream.h"
#include "observability/admin/shared.h"

namespace weir::admin {

// Ends the reply of an EventStream, and destroys it. Implemented by Exchange.
class EventStreamEvents {
 public:
  virtual ~EventStreamEvents() = default;
  virtual void onStalled() = 0;   // the client does not read
  virtual void onFinished() = 0;  // nothing follows
};

// Sends the events of a feed to a client, at the client's pace. A comment in each silent interval
// shows whether the client is still there.
//
// Owned by: Exchange, once the head of its reply has been sent.
class EventStream final : public PageStream {
 public:
  static constexpr Milliseconds kHeartbeat{15'000};
  static constexpr std::size_t kMaxQueued = 64 * 1024;  // above it, no further event is sent

  enum class Form : std::uint8_t { kEvents, kLines };

  // `reply`: its feed and content type.
  EventStream(Shared& shared, http::Responder& responder, PageReply& reply,
              EventStreamEvents& events);
  ~EventStream() override;

  void start();
  void onDrained();

  // PageStream
  event::Loop& loop() override { return shared_.loop; }
  bool send(std::string_view type, std::string_view data) override;
  void finish() override { events_.onFinished(); }

 private:
  void write(std::string_view text);
  void noteQueued();
  void onTick();
  Milliseconds tick() const;

  Shared& shared_;
  http::Responder& responder_;
  EventStreamEvents& events_;
  const Form form_;
  std::size_t written_ = 0;
  std::size_t queued_ = 0;   // as last counted in Shared::unsent_bytes
  std::size_t read_ = 0;     // lower limit of the bytes that the client has read, at a tick
  Milliseconds read_at_;     // when that last changed
  bool wants_room_ = false;  // an event was dropped
  event::Alarm<EventStream, &EventStream::onTick> ticks_;
  std::unique_ptr<PageFeed> feed_;  // destroyed first
};

}  // namespace weir::admin
