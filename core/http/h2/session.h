#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/event/loop.h"
#include "core/http/codec.h"
#include "core/http/h2/field_cutter.h"
#include "core/http/h2/fields.h"
#include "core/http/h2/frame_scanner.h"
#include "core/http/h2/options.h"
#include "core/http/h2/stream.h"
#include "core/http/h2/token_bucket.h"

struct nghttp2_session;
struct nghttp2_session_callbacks;

namespace weir::http::h2 {

// One connection's HTTP/2 (RFC 9113), the same for both sides: nghttp2 reads and makes the frames.
//
// Frames are made at the end of the turn, in a buffer lent by the loop, and leave in one write;
// those of a large piece of a body at once, so that it is copied only there. What the session has
// to tell it tells from receive() and at the end of the turn, never from within another call.
class Session : private event::TurnEnd, private FieldCutter::Sink {
 public:
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 protected:
  enum class Side : std::uint8_t { kServer, kClient };

  Session(event::Loop& loop, Wire& wire, const Options& options, Side side);

  void receive(Bytes bytes);
  // The wire has room again.
  void onWireDrained() {
    wire_left_ = kNothing;
    schedule();
  }
  std::size_t buffered() const { return buffered_; }  // bytes of bodies that wait
  // Resets a stream of which the peer took nothing since this was last asked.
  void resetIfStalled(Stream& stream);
  void schedule() { loop_.atTurnEnd(*this); }  // there may be something to send, or to end

  // The first frames of a stream. `fields` are copied.
  void submitRequest(Stream& stream, Fields fields, bool body);
  void submitResponse(Stream& stream, Fields fields, bool body);
  void submitInformational(Stream& stream, Fields fields);
  void sendBody(Stream& stream, Bytes bytes);
  void finish(Stream& stream, const Headers* trailers);
  void reset(Stream& stream, std::uint32_t code);
  // Whether the peer gets back the window that bodies used up.
  void setReading(Stream& stream, bool reading);

  void submitShutdownNotice();  // GOAWAY, the first of two; onShutdownPingAck() says that it came
  void submitGoaway();          // what came until now is still answered
  void terminate(std::uint32_t code);
  std::size_t allowedByPeer() const;        // streams that the peer lets us open
  bool allowsConnectProtocol() const;       // by them other protocols (RFC 8441)
  bool openable() const;                    // the connection takes further streams at all
  bool isOpen(const Stream& stream) const;  // its first frame was made
  // Asks by a PING whether the peer is there: onHeard follows, or onSilent.
  void doubt();
  bool doubted() const { return doubted_; }
  std::uint32_t heard() const { return heard_; }  // how often anything came
  bool inHead() const { return in_head_; }
  bool settingsReceived() const { return settings_received_; }  // the peer's SETTINGS came
  event::Loop& loop() { return loop_; }
  Wire& wire() { return wire_; }
  const Options& options() const { return options_; }

  // What the codecs make of it.
  virtual Stream* openStream() = 0;  // for a request that begins; null where there are none
  virtual void onHeadBegin(Stream& stream) = 0;  // of a message, an interim response or trailers
  virtual void onField(Stream& stream, std::string_view name, std::string_view value) = 0;
  // A field of more than FieldCutter::kMostBytes: the head is too large, whatever the limits say.
  virtual void onFieldTooLong(Stream& stream) = 0;
  virtual void onHeadEnd(Stream& stream, bool ends) = 0;
  virtual void onBody(Stream& stream, Bytes bytes) = 0;
  virtual void onBodyEnd(Stream& stream) = 0;  // unless a head ended the stream
  virtual void onSentEnd(Stream&) {}
  virtual void onDrained(Stream& stream) = 0;
  // Its last event. `error` as in RequestEvents and ResponseEvents.
  virtual void onClosed(Stream& stream, Error error) = 0;
  virtual void onShutdownPingAck() {}
  virtual void onSettings() {}  // the peer's; may change allowedByPeer()
  virtual void onGoaway() {}
  virtual void onFlood(Flood) {}
  virtual void onHeard() {}  // the peer that was doubted is there
  virtual void onUnread(Unread) {}
  virtual void onStallTick() {}  // to resetIfStalled() each stream
  virtual void onSilent() = 0;   // the peer did not answer a PING: it is gone
  // Nothing more goes in or out: the wire is to be closed.
  virtual void onSessionEnd() = 0;

 private:
  struct Receiving;  // callbacks of nghttp2's
  struct Sending;
  friend struct Receiving;
  friend struct Sending;
  struct Delete {
    void operator()(nghttp2_session* session) const;
  };

  void onTurnEnd() override;
  void start(Side side);
  static void addSending(nghttp2_session_callbacks* table);
  void send();
  void resume(Stream& stream);
  bool makeRoom(std::size_t size);
  void gather(Bytes bytes);
  void gatherBody(Stream& stream, std::size_t size);
  void sendGathered();
  void settle();
  void endIfOver();
  void onControlFrame(std::uint8_t type, bool ack);
  void onPing(bool ack, const std::uint8_t* opaque);
  void hear();
  void onSilenceTick();
  void ask();
  void watchSending();
  void onSendTick();
  bool wireStalled();
  bool hasRoomFor(Stream& stream, std::size_t bytes);
  void shed(Stream& stream, Unread why, std::uint32_t code);
  // Takes a token, or parts of one; the peer is sent away when there are too few.
  void charge(Flood kind, TokenBucket& allowance, std::int64_t parts = TokenBucket::kWhole);
  void chargeReset(const Stream* stream);
  void countData(std::size_t bytes, bool ends);
  bool countField(Stream* stream, std::size_t bytes);
  void countWindowUpdate();
  void flood(Flood kind);
  Error errorOf(const Stream& stream) const;
  void take(Bytes bytes);
  void pass(Bytes bytes) override { take(bytes); }
  bool tooLong(std::size_t name_size, std::size_t value_size) const;
  void onFrameHeader(const FrameScanner::Header& header);
  void refuseLate(const FrameScanner::Header& header);
  bool mayComeOn(std::int32_t id) const;
  void abandon(std::int32_t id);

  event::Loop& loop_;
  Wire& wire_;
  const Options options_;
  const Side side_;
  std::unique_ptr<nghttp2_session, Delete> session_;
  FrameScanner scanner_;
  FieldCutter cutter_;
  std::vector<Stream*> closed_;   // since settle()
  std::vector<Stream*> drained_;  // the same
  char* frames_ = nullptr;        // the loop's, while sending
  std::size_t gathered_ = 0;
  Milliseconds heard_at_;  // anything at all
  event::Alarm<Session, &Session::onSilenceTick> silence_;
  static constexpr std::size_t kNothing = static_cast<std::size_t>(-1);
  event::Alarm<Session, &Session::onSendTick> send_tick_;
  std::size_t buffered_ = 0;          // in all streams
  std::size_t wire_left_ = kNothing;  // queued at the last tick
  TokenBucket resets_;
  TokenBucket control_;
  TokenBucket large_heads_;
  // Closed by us alone: what the peer sent before it knew is passed over. Of more than there is
  // room for, all up to an id.
  std::vector<std::int32_t> abandoned_;
  std::int32_t abandoned_up_to_ = 0;
  std::uint32_t heard_ = 0;
  // Useful work, by which allowances grow: heads and data in either direction; streams that ended
  // in good order with a response.
  std::uint64_t work_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t window_updates_ = 0;  // received
  std::size_t block_bytes_ = 0;       // decoded of the head that comes in (RFC 9113, 6.5.2)
  bool asked_ = false;                // whether the peer is there; nothing came since
  bool doubted_ = false;              // the same, by doubt()
  bool in_receive_ = false;
  bool in_head_ = false;
  bool settings_received_ = false;
  bool flooded_ = false;
  bool terminated_ = false;  // by us: what comes now is not looked at
  bool over_ = false;
};

}  // namespace weir::http::h2
