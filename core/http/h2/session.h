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
#include "core/http/h2/session_memory.h"
#include "core/http/h2/stream.h"
#include "core/http/h2/token_bucket.h"

struct nghttp2_session;
struct nghttp2_session_callbacks;

namespace weir::http::h2 {

// One HTTP/2 connection (RFC 9113), the same for both sides: nghttp2 parses and serializes the
// frames.
//
// Frames are serialized at the end of the turn, in a buffer lent by the loop, and leave in one
// write; those of a large piece of a body are serialized at once, so that it is copied only there.
// The session raises events from receive() and at the end of the turn, never from within another
// call.
class Session : private event::TurnEnd, private FieldCutter::Sink {
 public:
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 protected:
  Session(event::Loop& loop, Wire& wire, const Options& options, Side side);

  void receive(Bytes bytes);
  // The wire has room again.
  void onWireDrained() {
    wire_left_ = kNothing;
    schedule();
  }
  std::size_t buffered() const { return buffered_; }  // bytes of buffered bodies
  // Resets a stream if its peer has read nothing since the last such call.
  void resetIfStalled(Stream& stream);
  // Returns memory that an idle session does not need.
  void trimMemory();
  void schedule() { loop_.atTurnEnd(*this); }  // there may be something to send, or to end

  // The first frames of a stream. `fields` are copied.
  void submitRequest(Stream& stream, Fields fields, bool body);
  void submitResponse(Stream& stream, Fields fields, bool body);
  void submitInformational(Stream& stream, Fields fields);
  void sendBody(Stream& stream, Bytes bytes);
  void finish(Stream& stream, const Headers* trailers);
  void reset(Stream& stream, std::uint32_t code);
  // Whether to return to the peer the window that bodies consume.
  void setReading(Stream& stream, bool reading);

  void submitShutdownNotice();  // the first of two GOAWAYs; onShutdownPingAck() confirms it
  void submitGoaway();          // requests received until now are still answered
  void terminate(std::uint32_t code);
  std::size_t allowedByPeer() const;        // streams that the peer allows
  bool allowsConnectProtocol() const;       // for other protocols (RFC 8441)
  bool openable() const;                    // the connection takes further streams at all
  bool isOpen(const Stream& stream) const;  // its first frame was serialized
  // Sends a PING to check whether the peer is alive: onHeard or onSilent follows.
  void doubt();
  bool doubted() const { return doubted_; }
  std::uint32_t heard() const { return heard_; }  // how often bytes were received
  bool inHead() const { return in_head_; }
  bool settingsReceived() const { return settings_received_; }  // the peer's SETTINGS were received
  event::Loop& loop() { return loop_; }
  Wire& wire() { return wire_; }
  const Options& options() const { return options_; }

  // Events for the codecs.
  virtual Stream* openStream() = 0;              // for a new request; null on the client side
  virtual void onHeadBegin(Stream& stream) = 0;  // of a message, an interim response or trailers
  virtual void onField(Stream& stream, std::string_view name, std::string_view value) = 0;
  // A field exceeds FieldCutter::kMostBytes: the head is too large, regardless of the limits.
  virtual void onFieldTooLong(Stream& stream) = 0;
  virtual void onHeadEnd(Stream& stream, bool ends) = 0;
  virtual void onBody(Stream& stream, Bytes bytes) = 0;
  virtual void onBodyEnd(Stream& stream) = 0;  // unless a head ended the stream
  virtual void onSentEnd(Stream&) {}
  virtual void onDrained(Stream& stream) = 0;
  // The last event of a stream. `error` as in RequestEvents and ResponseEvents.
  virtual void onClosed(Stream& stream, Error error) = 0;
  virtual void onShutdownPingAck() {}
  virtual void onSettings() {}  // the peer's; may change allowedByPeer()
  virtual void onGoaway() {}
  virtual void onFlood(Flood) {}
  virtual void onHeard() {}  // the peer in doubt is alive
  virtual void onUnread(Unread) {}
  virtual void onStallTick() {}  // must call resetIfStalled() for each stream
  virtual void onSilent() = 0;   // the peer did not answer a PING: it is gone
  // Nothing more is sent or received: the wire must be closed.
  virtual void onSessionEnd() = 0;

 private:
  struct Receiving;  // nghttp2's callbacks
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
  // Takes a token, or parts of one; ends the connection if too few are left.
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
  void checkTable(std::size_t size);
  void onFrameHeader(const FrameScanner::Header& header);
  void refuseLate(const FrameScanner::Header& header);
  bool mayComeOn(std::int32_t id) const;
  void abandon(std::int32_t id);

  event::Loop& loop_;
  Wire& wire_;
  const Options options_;
  const Side side_;
  SessionMemory memory_;
  std::unique_ptr<nghttp2_session, Delete> session_;
  FrameScanner scanner_;
  FieldCutter cutter_;
  Stream* head_stream_ = nullptr;  // of the head being received; null: none, or it is ignored
  std::vector<Stream*> closed_;    // since settle()
  std::vector<Stream*> drained_;   // since settle()
  char* frames_ = nullptr;         // the loop's, while sending
  std::size_t gathered_ = 0;
  Milliseconds heard_at_;  // when bytes were last received
  event::Alarm<Session, &Session::onSilenceTick> silence_;
  static constexpr std::size_t kNothing = static_cast<std::size_t>(-1);
  event::Alarm<Session, &Session::onSendTick> send_tick_;
  std::size_t buffered_ = 0;          // in all streams
  std::size_t wire_left_ = kNothing;  // queued at the last tick
  TokenBucket resets_;
  TokenBucket control_;
  TokenBucket large_heads_;
  // Streams closed by weir alone: frames that the peer sent before it knew are ignored. If there
  // are too many to list, this applies to all up to an id.
  std::vector<std::int32_t> abandoned_;
  std::int32_t abandoned_up_to_ = 0;
  std::uint32_t heard_ = 0;
  // Useful work, by which allowances grow: heads and data in either direction; streams that ended
  // normally with a response.
  std::uint64_t work_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t window_updates_ = 0;  // received
  std::size_t block_bytes_ = 0;       // decoded bytes of the current head (RFC 9113, 6.5.2)
  bool asked_ = false;                // a PING is unanswered, and nothing was received since
  bool doubted_ = false;              // the same, because of doubt()
  bool in_receive_ = false;
  bool in_head_ = false;
  bool settings_received_ = false;
  bool flooded_ = false;
  bool terminated_ = false;  // by weir: further input is ignored
  bool over_ = false;
};

}  // namespace weir::http::h2
