#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/buffer.h"
#include "core/http/codec.h"
#include "core/http/h2/head_reader.h"
#include "core/http/h2/session.h"

namespace weir::http::h2 {

// HTTP/2 towards a client: one exchange per stream.
class ServerCodec final : public http::ServerCodec, private Session {
 public:
  // All references outlive the codec.
  ServerCodec(event::Loop& loop, Wire& wire, ExchangeSource& exchanges, const Options& options);
  ~ServerCodec() override;

  void feed(Bytes bytes) override { receive(bytes); }
  void onEnd() override;
  void onBroken(Error error) override;
  void onDrained() override { onWireDrained(); }
  bool drain() override;
  bool retire() override;
  void closeIdle() override;
  void failHead(Error error) override;
  Phase phase() const override;
  void forEachExchange(const std::function<void(RequestEvents&)>& visit) const override;
  std::size_t unsent() const override { return buffered(); }
  void trim() override;

 private:
  class Request;  // a stream with its exchange

  Stream* openStream() override;
  void onHeadBegin(Stream& stream) override;
  void onField(Stream& stream, std::string_view name, std::string_view value) override;
  void onFieldTooLong(Stream&) override { head_.setTooLarge(); }
  void onHeadEnd(Stream& stream, bool ends) override;
  void onBody(Stream& stream, Bytes bytes) override;
  void onBodyEnd(Stream& stream) override;
  void onSentEnd(Stream& stream) override;
  void onDrained(Stream& stream) override;
  void onClosed(Stream& stream, Error error) override;
  void onShutdownPingAck() override;
  void onFlood(Flood kind) override { exchanges_.onFlood(kind); }
  void onUnread(Unread why) override { exchanges_.onUnread(why); }
  void onStallTick() override;
  void onSilent() override;
  void onSessionEnd() override;

  void recycle(Request& request);
  void failAll(const Error& error);

  ExchangeSource& exchanges_;
  HeadReader head_;
  std::vector<std::unique_ptr<Request>> open_;   // until both sides have ended
  std::vector<std::unique_ptr<Request>> spare_;  // for reuse
  std::size_t exchanges_open_ = 0;
  bool draining_ = false;
  bool said_goodbye_ = false;  // the second GOAWAY was sent
};

}  // namespace weir::http::h2
