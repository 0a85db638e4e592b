#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/base/arena.h"
#include "core/event/wheel.h"
#include "core/http/codec.h"
#include "observability/admin/event_stream.h"
#include "observability/admin/shared.h"

namespace weir::admin {

// One request to an admin page and its reply.
//
// Owned by: the connection, until Responder::release(). The connection enforces the time limit for
// heads.
class Exchange final : public http::RequestEvents, private EventStreamEvents {
 public:
  Exchange(Shared& shared, const Caller& caller, http::Responder& responder);
  ~Exchange() override;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  bool receiving() const { return stage_ == Stage::kReceiving; }  // the request is not complete
  void onReply(PageReply reply);  // may destroy this; must be the last call in a function

 private:
  enum class Stage : std::uint8_t { kReceiving, kWaiting, kSending, kStreaming, kDone };

  // http::RequestEvents
  http::Request& request() override { return request_; }
  void onRequestHead() override;
  void onRequestBody(Bytes bytes) override;
  void onRequestEnd() override;
  void onRequestFailed(Error error) override;
  void onResponseDrained() override;

  // EventStreamEvents
  void onStalled() override { stop(); }
  void onFinished() override;

  void onDeadline();
  void ask();
  void serve(const PageRequest& question);
  void refuse(int status, std::string_view detail);
  void send();
  void sendHead();
  bool sendPiece();
  void stream();
  bool silent() const;
  void finish();
  void addGrpcStatus(http::Headers& fields);
  void stop();

  Shared& shared_;
  const Caller& caller_;
  http::Responder& responder_;
  event::Alarm<Exchange, &Exchange::onDeadline> deadline_;  // starts once the head is complete
  Arena arena_;
  http::Request request_;

  Stage stage_ = Stage::kReceiving;
  bool request_ended_ = false;
  bool head_sent_ = false;
  std::string body_;  // of the request
  std::optional<PendingReplies::Ticket> ticket_;
  PageReply reply_;
  std::size_t sent_ = 0;  // of reply_.body
  std::optional<EventStream> stream_;
};

}  // namespace weir::admin
