#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/arena.h"
#include "core/event/wheel.h"
#include "core/http/codec.h"
#include "observability/admin/shared.h"

namespace weir::admin {

// One request to an admin page and its reply.
//
// Owned by: the connection, until Responder::release().
class Exchange final : public http::RequestEvents {
 public:
  // `deadline` is the connection's; it calls onDeadline() once the head is there.
  Exchange(Shared& shared, http::Responder& responder, event::Deadline& deadline);
  ~Exchange() override;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void onDeadline();
  void onReply(Reply reply);  // its last act, as of every function that answers

 private:
  enum class Stage : std::uint8_t { kReceiving, kWaiting, kSending, kDone };

  // http::RequestEvents
  http::Request& request() override { return request_; }
  void onRequestHead() override;
  void onRequestBody(Bytes bytes) override;
  void onRequestEnd() override;
  void onRequestFailed(Error error) override;
  void onResponseDrained() override;

  void ask();
  void refuse(int status, std::string_view detail);
  void send();
  void sendHead();
  bool sendPiece();
  void stop();

  Shared& shared_;
  http::Responder& responder_;
  event::Deadline& deadline_;
  Arena arena_;
  http::Request request_;

  Stage stage_ = Stage::kReceiving;
  bool request_ended_ = false;
  bool head_sent_ = false;
  std::size_t received_ = 0;  // bytes of the body, which no page looks at
  std::optional<Tickets::Ticket> ticket_;
  Reply reply_;
  std::size_t sent_ = 0;  // of reply_.body
};

}  // namespace weir::admin
