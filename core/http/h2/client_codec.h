#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/http/codec.h"
#include "core/http/h2/head_reader.h"
#include "core/http/h2/session.h"

namespace weir::http::h2 {

// HTTP/2 towards an upstream: as many concurrent exchanges as both sides allow.
class ClientCodec final : public http::ClientCodec, private Session {
 public:
  // `scheme` is that of the wire, "http" or "https", and static. The references outlive the codec.
  ClientCodec(event::Loop& loop, Wire& wire, ClientCodecEvents& owner, const Options& options,
              std::string_view scheme);
  ~ClientCodec() override;

  http::Requester& open(ResponseEvents& events) override;
  bool ready() const override { return settingsReceived(); }
  std::size_t most() const override;
  std::size_t free() const override;
  // Also kSpent if the peer allows no streams at present: that may last indefinitely.
  Room room() const override;
  bool takesUpgrades() const override { return allowsConnectProtocol(); }
  bool idle() const override { return exchanges_ == 0; }
  void feed(Bytes bytes) override { receive(bytes); }
  void onEnd() override;
  void onBroken(Error error) override;
  void onDrained() override { schedule(); }

 private:
  class Call;  // a stream with its exchange

  Stream* openStream() override { return nullptr; }
  void onHeadBegin(Stream& stream) override;
  void onField(Stream& stream, std::string_view name, std::string_view value) override;
  void onFieldTooLong(Stream&) override { head_.setTooLarge(); }
  void onHeadEnd(Stream& stream, bool ends) override;
  void onBody(Stream& stream, Bytes bytes) override;
  void onBodyEnd(Stream& stream) override;
  void onDrained(Stream& stream) override;
  void onClosed(Stream& stream, Error error) override;
  void onSettings() override;
  void onGoaway() override { owner_.onFreeChanged(); }
  void onHeard() override { owner_.onFreeChanged(); }
  void onSilent() override;
  void onSessionEnd() override;

  bool openable() const { return !broken_ && Session::openable(); }
  void recycle(Call& call);
  void refuseUnsent();
  void failAll(const Error& error);

  ClientCodecEvents& owner_;
  const std::string_view scheme_;
  HeadReader head_;
  std::vector<std::unique_ptr<Call>> open_;   // until both sides have ended
  std::vector<std::unique_ptr<Call>> spare_;  // for reuse
  std::size_t exchanges_ = 0;
  bool broken_ = false;
};

}  // namespace weir::http::h2
