#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/stream.h"

namespace weir::test {

// One end of a connection that a test controls: keeps received bytes, records the order of events,
// and can run a script.
class StreamPeer final : public net::StreamEvents {
 public:
  explicit StreamPeer(std::unique_ptr<net::Stream> stream, bool reading = true)
      : stream_(std::move(stream)) {
    stream_->setEvents(*this);
    stream_->setReading(reading);
  }

  void send(std::string_view text) { stream_->write(asBytes(text)); }
  void end() { stream_->shutdownWrite(); }
  void close() { stream_.reset(); }
  net::Stream& stream() { return *stream_; }
  bool closed() const { return stream_ == nullptr; }

  const std::string& received() const { return received_; }
  std::string takeReceived() { return std::exchange(received_, {}); }
  // "connected data end drained broken:reset"; consecutive data counts once.
  const std::string& history() const { return history_; }
  bool ended() const { return ended_; }
  bool broken() const { return broken_.has_value(); }
  ErrorCode brokenBy() const { return broken_->code; }  // once broken()
  std::size_t events() const { return events_; }        // number of events

  // Called after each piece of data, connection and end; may write, end or close.
  std::function<void(StreamPeer&)> script;

 private:
  void tell(std::string_view what) {
    ++events_;
    if (what == "data" && history_.ends_with("data")) return;
    if (!history_.empty()) history_ += ' ';
    history_ += what;
  }
  void play() {
    if (script) script(*this);
  }
  void onConnected() override {
    tell("connected");
    play();
  }
  void onData(Bytes bytes) override {
    tell("data");
    received_ += asText(bytes);
    play();
  }
  void onEnd() override {
    tell("end");
    ended_ = true;
    play();
  }
  void onDrained() override {
    tell("drained");
    play();
  }
  void onBroken(Error error) override {
    tell("broken:" + std::string(toString(error.code)));
    broken_ = error;
  }

  std::unique_ptr<net::Stream> stream_;
  std::string received_;
  std::string history_;
  std::size_t events_ = 0;
  bool ended_ = false;
  std::optional<Error> broken_;
};

}  // namespace weir::test
