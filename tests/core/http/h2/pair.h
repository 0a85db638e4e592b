#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event/loop.h"
#include "core/http/h2/client_codec.h"
#include "core/http/h2/server_codec.h"

namespace weir::test {

// A wire that keeps written bytes until they are taken, or reports that it is full.
class HeldWire final : public http::Wire {
 public:
  using http::Wire::write;
  void write(Bytes first, Bytes second) override {
    ++writes;
    bytes.append(first.data(), first.size()).append(second.data(), second.size());
  }
  std::size_t queued() const override { return full ? 1 << 20 : 0; }
  void setReading(bool) override {}
  void shutdownWrite() override {}
  void close(bool) override { closed = true; }

  std::string bytes;
  int writes = 0;
  bool full = false;
  bool closed = false;
};

// Records the events of a server's exchange; the test sends the response.
class HeardRequest final : public http::RequestEvents {
 public:
  HeardRequest(BlockPool& blocks, http::Responder& way_back)
      : arena(blocks), request_(arena), responder(&way_back) {}
  http::Request& request() override { return request_; }
  void onRequestHead() override { head = true; }
  void onRequestBody(Bytes bytes) override { body += asText(bytes); }
  void onRequestEnd() override { ended = true; }
  void onRequestFailed(Error error) override {
    failed = error.code;
    responder->release();
  }
  void onResponseDrained() override { drained = true; }

  // Sends a complete response.
  void answer(int status, std::string_view text = {}) {
    http::Response response(arena);
    response.status = status;
    response.body = text.empty() ? http::BodyKind::kNone : http::BodyKind::kStream;
    responder->sendHead(response);
    if (!text.empty()) responder->sendBody(asBytes(text));
    responder->finish(nullptr);
    responder->release();
  }

  Arena arena;

 private:
  http::Request request_;

 public:
  http::Responder* responder;
  std::string body;
  bool head = false;
  bool ended = false;
  bool drained = false;
  bool closed = false;  // released by the codec
  std::optional<ErrorCode> failed;
};

// Records the events of a client's exchange.
class HeardResponse final : public http::ResponseEvents {
 public:
  explicit HeardResponse(BlockPool& blocks) : arena(blocks), response_(arena) {}
  http::Response& response() override { return response_; }
  void onInformational() override { informational.push_back(response_.status); }
  void onResponseHead() override { head = true; }
  void onResponseBody(Bytes bytes) override { body += asText(bytes); }
  void onResponseEnd() override { ended = true; }
  void onResponseFailed(Error error) override { failed = error.code; }
  void onRequestDrained() override { drained = true; }

  Arena arena;

 private:
  http::Response response_;

 public:
  http::Requester* requester = nullptr;
  std::vector<int> informational;
  std::string body;
  bool head = false;
  bool ended = false;
  bool drained = false;
  std::optional<ErrorCode> failed;
};

// The two HTTP/2 codecs connected to each other, without sockets and delays.
class CodecPair final : private http::ExchangeSource, private http::ClientCodecEvents {
 public:
  explicit CodecPair(const http::h2::Options& server = {}, const http::h2::Options& client = {});
  ~CodecPair() override;

  // Runs turns of the loop, each with the bytes that the other side sent before, until both are
  // idle.
  void settle();
  HeardResponse& call(const http::Request& request);
  http::Request& get(std::string_view path);  // a request to send, owned by the test
  HeardRequest& heard(std::size_t number = 0) { return *requests_.at(number); }
  std::size_t heardCount() const { return requests_.size(); }
  event::Loop& loop() { return loop_; }
  BlockPool& blocks() { return loop_.scratch(); }
  HeldWire& toServer() { return to_server_; }
  HeldWire& toClient() { return to_client_; }
  http::h2::ServerCodec& server() { return *server_; }
  http::h2::ClientCodec& client() { return *client_; }
  const std::vector<http::Flood>& floods() const { return floods_; }
  const std::vector<http::Unread>& unread() const { return unread_; }
  bool reusable() const { return reusable_; }  // as last reported by the client's codec

 private:
  http::RequestEvents& openExchange(http::Responder& responder) override;
  void closeExchange(http::RequestEvents& exchange) override;
  void onFlood(http::Flood kind) override { floods_.push_back(kind); }
  void onUnread(http::Unread why) override { unread_.push_back(why); }
  void onExchangeEnd(bool reusable) override { reusable_ = reusable; }

  event::Loop loop_{event::Loop::Time::kManual};
  Arena arena_{loop_.scratch()};
  HeldWire to_server_;
  HeldWire to_client_;
  std::vector<std::unique_ptr<HeardRequest>> requests_;
  std::vector<std::unique_ptr<HeardResponse>> responses_;
  std::deque<http::Request> made_;
  std::vector<http::Flood> floods_;
  std::vector<http::Unread> unread_;
  bool reusable_ = true;
  std::unique_ptr<http::h2::ServerCodec> server_;
  std::unique_ptr<http::h2::ClientCodec> client_;
};

}  // namespace weir::test
