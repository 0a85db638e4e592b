#pragma once

#include <cstdint>
#include <memory>

#include "core/base/buffer.h"
#include "core/base/result.h"
#include "core/net/address.h"
#include "core/net/stream.h"

struct uv_buf_t;
struct uv_handle_s;
struct uv_stream_s;

namespace weir::net {

// A Stream over a TCP or Unix socket.
//
// Small writes are gathered and sent once at the end of the turn; large ones go directly from the
// caller's memory to the kernel, and only the part that the kernel does not take is copied.
class TcpStream final : public Stream, private event::TurnEnd {
 public:
  // Takes over an accepted, non-blocking socket. The descriptor is closed on failure.
  static Result<std::unique_ptr<Stream>> adopt(event::Loop& loop, int descriptor);
  // Begins to connect; onConnected or onBroken follows. Accepts writes at once.
  static Result<std::unique_ptr<Stream>> connect(event::Loop& loop, const Address& to);
  ~TcpStream() override;

  void setEvents(StreamEvents& events) override { events_ = &events; }
  void write(Bytes first, Bytes second) override;
  std::size_t queued() const override;
  bool flush() override;
  void setReading(bool reading) override;
  void shutdownWrite() override;
  void abort() override;

 private:
  struct Socket;    // the libuv handle and the queue, which live until libuv releases them
  struct WriteJob;  // a write that the kernel did not accept at once
  // kConnected: connected at once, not reported yet
  enum class State : std::uint8_t { kConnecting, kConnected, kOpen, kBroken };
  enum class End : std::uint8_t { kNone, kWanted, kSent };  // of outgoing data

  TcpStream(event::Loop& loop, Socket* socket, State state);
  static Result<std::unique_ptr<Stream>> connectTcp(event::Loop& loop, const Address& to);
  static Result<std::unique_ptr<Stream>> connectUnix(event::Loop& loop, const Address& to);
  static void onAllocate(uv_handle_s* handle, std::size_t suggested, uv_buf_t* buffer);
  static void onRead(uv_stream_s* stream, std::ptrdiff_t count, const uv_buf_t* buffer);
  void onConnectDone(int status);
  void tellConnected();
  void stopReading();
  void onTurnEnd() override;
  void sendQueued();
  void send(Bytes first, Bytes second);
  void startJob();
  void onJobDone(int status);
  void failWrite(int status);
  void afterWrite();
  void tellBroken(int status);

  // First, the small members, in the room that the base class leaves.
  State state_;
  End end_ = End::kNone;
  bool reading_ = false;
  bool peer_ended_ = false;
  bool write_job_ = false;  // one is in progress in libuv
  bool backed_up_ = false;  // the queue went above kLowWater
  event::Loop& loop_;
  Socket* socket_;
  StreamEvents* events_ = nullptr;
};

}  // namespace weir::net
