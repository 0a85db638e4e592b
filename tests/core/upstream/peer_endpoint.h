#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/memory_stream.h"

namespace weir::upstream {

// The endpoint's side of a connection that a test controls: it answers on request, and checks
// received frames against the limits that it announced.
class PeerEndpoint : private net::StreamEvents {
 public:
  explicit PeerEndpoint(std::unique_ptr<test::MemoryStream> stream) : stream_(std::move(stream)) {
    stream_->setEvents(*this);
    stream_->setReading(true);
  }

  std::size_t outstanding() const { return asked_.size(); }
  bool gone() const { return gone_; }  // either side has ended the connection
  // Each of these applies to the request with index `which`.
  virtual void answer(std::size_t which) = 0;
  virtual void refuse(std::size_t which) = 0;
  virtual void misbehave() = 0;  // violates the protocol
  virtual void limit(std::uint32_t streams) = 0;
  virtual void sayGoodbye() = 0;  // accepts no further request, if the protocol can express it
  void end() {
    if (!gone_) stream_->shutdownWrite();
    leave();
  }
  void reset() {
    if (!gone_) stream_->reset();
    leave();
  }

 protected:
  void send(std::string_view bytes) {
    if (!gone_) stream_->write(asBytes(bytes));
  }
  void leave() {
    gone_ = true;
    asked_.clear();
  }
  std::uint32_t take(std::size_t which) {
    const std::uint32_t id = asked_.at(which);
    asked_.erase(asked_.begin() + static_cast<std::ptrdiff_t>(which));
    return id;
  }
  std::string received_;
  std::vector<std::uint32_t> asked_;  // requests without an answer, by ID

 private:
  void onData(Bytes bytes) override {
    if (gone_) return;
    received_ += asText(bytes);
    read();
  }
  void onEnd() override { leave(); }
  void onDrained() override {}
  void onBroken(Error) override { leave(); }
  virtual void read() = 0;

  std::unique_ptr<test::MemoryStream> stream_;
  bool gone_ = false;
};

class Http1Endpoint final : public PeerEndpoint {
 public:
  using PeerEndpoint::PeerEndpoint;
  void answer(std::size_t which) override {
    take(which);
    send("HTTP/1.1 204 No Content\r\n\r\n");
  }
  void refuse(std::size_t which) override {
    take(which);
    send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  }
  void misbehave() override { send("HTTP/1.1 what\r\n\r\n"); }
  void limit(std::uint32_t) override {}
  void sayGoodbye() override { end(); }

 private:
  void read() override {
    for (std::size_t at = 0; (at = received_.find("\r\n\r\n")) != std::string::npos;) {
      received_.erase(0, at + 4);
      EXPECT_TRUE(asked_.empty()) << "two requests at once";
      asked_.push_back(0);
    }
  }
};

// Frames written by hand: this end uses neither weir's codec nor nghttp2.
class RawHttp2Endpoint final : public PeerEndpoint {
 public:
  struct Says {
    std::uint32_t streams = 100;
    bool connect_protocol = false;
    bool settings = true;  // false: never sends SETTINGS
  };
  RawHttp2Endpoint(std::unique_ptr<test::MemoryStream> stream, const Says& says)
      : PeerEndpoint(std::move(stream)), in_force_(says.streams), silent_(!says.settings) {
    std::string settings = setting(kMaxStreams, says.streams);
    if (says.connect_protocol) settings += setting(kConnectProtocol, 1);
    if (!says.settings) return;
    send(frame(kSettings, 0, 0, settings));
    limits_.push_back(says.streams);
  }

  void answer(std::size_t which) override {
    send(frame(kHeaders, kEndStream | kEndHeaders, take(which), "\x89"));  // :status 204
  }
  void answerWith(std::size_t which, std::string_view head) {
    send(frame(kHeaders, kEndHeaders, asked_.at(which), head));
  }
  void refuse(std::size_t which) override {
    send(frame(kReset, 0, take(which), number(kRefusedStream)));
  }
  void misbehave() override {
    send(frame(kHeaders, kEndHeaders, 2, "\x89"));  // on a stream that was not opened
    asked_.clear();
  }
  void limit(std::uint32_t streams) override {
    limits_.push_back(streams);
    send(frame(kSettings, 0, 0, setting(kMaxStreams, streams)));
  }
  void sayGoodbye() override {
    send(frame(kGoaway, 0, 0, number(last_) + number(0)));
    said_goodbye_ = true;
  }
  void answerPings() {
    deaf_ = false;
    for (const std::string& ping : pings_) send(frame(kPing, kAck, 0, ping));
    pings_.clear();
  }
  void ignorePings() { deaf_ = true; }
  std::size_t pings() const { return pings_.size(); }  // without an answer
  std::size_t resets() const { return resets_; }

 private:
  static constexpr std::uint8_t kHeaders = 1;
  static constexpr std::uint8_t kReset = 3;
  static constexpr std::uint8_t kSettings = 4;
  static constexpr std::uint8_t kPing = 6;
  static constexpr std::uint8_t kGoaway = 7;
  static constexpr std::uint8_t kEndStream = 1;
  static constexpr std::uint8_t kAck = 1;
  static constexpr std::uint8_t kEndHeaders = 4;
  static constexpr std::uint32_t kRefusedStream = 7;
  static constexpr char kMaxStreams = 3;
  static constexpr char kConnectProtocol = 8;
  static constexpr std::size_t kPreface = 24;
  static constexpr std::size_t kFrameHead = 9;

  static std::string number(std::uint32_t value) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
    return text;
  }
  static std::string setting(char id, std::uint32_t value) {
    return std::string(1, '\0') + id + number(value);
  }
  static std::string frame(std::uint8_t type, unsigned flags, std::uint32_t stream,
                           std::string_view payload) {
    std::string text = number(static_cast<std::uint32_t>(payload.size())).substr(1);
    text += static_cast<char>(type);
    text += static_cast<char>(flags);
    return text.append(number(stream)).append(payload);
  }
  std::uint32_t numberAt(std::size_t at, std::size_t bytes) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      value = value << 8U | static_cast<std::uint8_t>(received_[at + i]);
    }
    return value;
  }

  void read() override {
    if (!settings_received_ && received_.size() < kPreface) return;
    if (!std::exchange(settings_received_, true)) received_.erase(0, kPreface);
    while (received_.size() >= kFrameHead) {
      const std::size_t size = numberAt(0, 3);
      if (received_.size() < kFrameHead + size) return;
      const auto type = static_cast<std::uint8_t>(received_[3]);
      const auto flags = static_cast<std::uint8_t>(received_[4]);
      onFrame(type, flags, numberAt(5, 4), received_.substr(kFrameHead, size));
      received_.erase(0, kFrameHead + size);
    }
  }
  void onFrame(std::uint8_t type, unsigned flags, std::uint32_t stream,
               const std::string& payload) {
    if (type == kHeaders) onRequest(stream);
    if (type == kSettings && (flags & kAck) == 0 && !silent_) send(frame(kSettings, kAck, 0, {}));
    if (type == kSettings && (flags & kAck) != 0) onAck();
    if (type == kReset) {
      ++resets_;
      std::erase(asked_, stream);
    }
    if (type == kPing && (flags & kAck) == 0) {
      pings_.push_back(payload);
      if (!deaf_) answerPings();
    }
    if (type == kGoaway) end();
  }
  void onRequest(std::uint32_t stream) {
    last_ = stream;
    asked_.push_back(stream);
    if (said_goodbye_) return refuse(asked_.size() - 1);
    EXPECT_LE(asked_.size(), in_force_) << "more streams than were allowed";
  }
  // The peer has read the oldest of the announced limits: it applies from now on.
  void onAck() {
    if (limits_.empty()) return;
    in_force_ = limits_.front();
    limits_.erase(limits_.begin());
    in_force_ = std::max<std::size_t>(in_force_, asked_.size());
  }

  std::size_t in_force_;
  const bool silent_;
  std::vector<std::uint32_t> limits_;  // announced, not acknowledged
  std::vector<std::string> pings_;
  std::size_t resets_ = 0;
  std::uint32_t last_ = 0;
  bool settings_received_ = false;
  bool deaf_ = false;
  bool said_goodbye_ = false;
};

}  // namespace weir::upstream
