#include "core/net/tcp_stream.h"

#include <array>
#include <cerrno>
#include <new>
#include <span>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

#include <uv.h>

#include "core/event/system_error.h"

namespace weir::net {
namespace {

// From this size on, copying costs more than a separate system call for the head.
constexpr std::size_t kDirectBytes = 8 * 1024;
constexpr std::size_t kMaxPieces = 16;

uv_buf_t bufOf(Bytes bytes) {
  return uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
}

std::size_t bytesIn(std::span<const Bytes> pieces) {
  std::size_t bytes = 0;
  for (const Bytes piece : pieces) bytes += piece.size();
  return bytes;
}

// The number of bytes that the kernel took, 0 if it has no room; negative: libuv's error code.
template <typename Call>
std::ptrdiff_t takenBy(Call call) {
  std::ptrdiff_t result = 0;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  if (result >= 0) return result;
  return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
}

// uv_try_write uses write(2), which takes a longer path, through the kernel's file layer.
std::ptrdiff_t sendNow(int descriptor, Bytes piece) {
  return takenBy([&] { return ::send(descriptor, piece.data(), piece.size(), MSG_NOSIGNAL); });
}

std::ptrdiff_t sendNow(int descriptor, std::span<const Bytes> pieces) {
  iovec vectors[kMaxPieces];
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
  }
  msghdr message{};
  message.msg_iov = vectors;
  message.msg_iovlen = pieces.size();
  return takenBy([&] { return ::sendmsg(descriptor, &message, MSG_NOSIGNAL); });
}

}  // namespace

struct TcpStream::Socket : uv_tcp_t {
  Socket(event::Loop& on, TcpStream* stream) : uv_tcp_t{}, out(on.chunks()) {
    uv_tcp_init(on.raw(), this);
    setOwner(stream);
  }
  void setOwner(TcpStream* stream) { data = stream; }
  TcpStream* owner() const { return static_cast<TcpStream*>(data); }  // null after its destruction
  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(static_cast<uv_tcp_t*>(this)); }
  uv_handle_t* handle() { return reinterpret_cast<uv_handle_t*>(static_cast<uv_tcp_t*>(this)); }

  Buffer out;
  // Here, they fill what the allocator adds anyway.
  int descriptor = -1;    // owned by libuv
  int write_failure = 0;  // libuv's error code: nothing more is sent
};

struct TcpStream::WriteJob {
  uv_write_t request;
  Socket* socket;
  BlockPool* pool;
  std::size_t bytes;
};

TcpStream::TcpStream(event::Loop& loop, Socket* socket, State state)
    : state_(state), loop_(loop), socket_(socket) {
  socket_->setOwner(this);
}

TcpStream::~TcpStream() {
  flush();
  loop_.cancelTurnEnd(*this);  // which a failing flush requests
  socket_->setOwner(nullptr);
  uv_close(socket_->handle(), [](uv_handle_t* handle) {
    delete static_cast<Socket*>(reinterpret_cast<uv_tcp_t*>(handle));
  });
}

Result<std::unique_ptr<Stream>> TcpStream::adopt(event::Loop& loop, int descriptor) {
  auto* socket = new Socket(loop, nullptr);
  const int status = uv_tcp_open(socket, descriptor);
  std::unique_ptr<TcpStream> stream(new TcpStream(loop, socket, State::kOpen));
  if (status != 0) {
    ::close(descriptor);
    return event::errorOf(status);
  }
  socket->descriptor = descriptor;
  return std::unique_ptr<Stream>(std::move(stream));
}

Result<std::unique_ptr<Stream>> TcpStream::connect(event::Loop& loop, const Address& to) {
  return to.isUnix() ? connectUnix(loop, to) : connectTcp(loop, to);
}

Result<std::unique_ptr<Stream>> TcpStream::connectTcp(event::Loop& loop, const Address& to) {
  struct Job {
    uv_connect_t request;
    Socket* socket;
  };
  auto* socket = new Socket(loop, nullptr);
  std::unique_ptr<TcpStream> stream(new TcpStream(loop, socket, State::kConnecting));
  uv_tcp_nodelay(socket, 1);
  sockaddr_storage address{};
  to.toSocket(address);
  auto* job = new Job{{}, socket};
  job->request.data = job;
  const int status =
      uv_tcp_connect(&job->request, socket, reinterpret_cast<const sockaddr*>(&address),
                     [](uv_connect_t* request, int result) {
                       auto* done = static_cast<Job*>(request->data);
                       TcpStream* owner = done->socket->owner();
                       delete done;
                       if (owner != nullptr) owner->onConnectDone(result);
                     });
  if (status != 0) {
    delete job;
    return event::errorOf(status);
  }
  uv_fileno(socket->handle(), &socket->descriptor);
  // Before the connection is established: saves the epoll_ctl that a later start would need.
  stream->setReading(true);
  return std::unique_ptr<Stream>(std::move(stream));
}

Result<std::unique_ptr<Stream>> TcpStream::connectUnix(event::Loop& loop, const Address& to) {
  sockaddr_storage address{};
  const socklen_t length = to.toSocket(address);
  if (length == 0) return Error{ErrorCode::kInvalid, Origin::kLocal, "socket path too long"};
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return event::errorOf(-errno);
  // A Unix socket connects at once or fails.
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    const int failure = -errno;
    ::close(descriptor);
    return event::errorOf(failure);
  }
  auto stream = adopt(loop, descriptor);
  if (!stream.ok()) return stream;
  auto& tcp = static_cast<TcpStream&>(*stream.value());
  tcp.state_ = State::kConnected;
  tcp.setReading(true);
  loop.atTurnEnd(tcp);
  return stream;
}

void TcpStream::onConnectDone(int status) {
  loop_.beginEvent();
  if (status != 0) return tellBroken(status);
  tellConnected();
}

void TcpStream::tellConnected() {
  state_ = State::kOpen;
  if (!socket_->out.empty() || end_ == End::kWanted) loop_.atTurnEnd(*this);
  events_->onConnected();
}

std::size_t TcpStream::queued() const { return socket_->out.size(); }

void TcpStream::setReading(bool reading) {
  if (reading == reading_ || peer_ended_ || state_ == State::kBroken) return;
  reading_ = reading;
  if (reading) {
    uv_read_start(socket_->stream(), onAllocate, onRead);
  } else {
    stopReading();
  }
}

// From now on the read side does not report a failed write.
void TcpStream::stopReading() {
  reading_ = false;
  uv_read_stop(socket_->stream());
  if (socket_->write_failure != 0) loop_.atTurnEnd(*this);
}

void TcpStream::onAllocate(uv_handle_s* handle, std::size_t, uv_buf_t* buffer) {
  TcpStream* owner = static_cast<TcpStream*>(handle->data);
  // libuv would continue reading as long as the buffer fills; without room it stops until the next
  // turn.
  const bool first = owner->loop_.takesTurn(owner);
  *buffer = first ? uv_buf_init(owner->loop_.readBuffer(), event::Loop::kLentBytes)
                  : uv_buf_init(nullptr, 0);
}

void TcpStream::onRead(uv_stream_s* stream, std::ptrdiff_t count, const uv_buf_t* buffer) {
  TcpStream* owner = static_cast<TcpStream*>(stream->data);
  if (count == UV_ENOBUFS && buffer->len == 0) return;  // it has already read in this turn
  owner->loop_.beginEvent();
  if (count > 0) {
    owner->events_->onData({buffer->base, static_cast<std::size_t>(count)});
  } else if (count == UV_EOF) {
    owner->peer_ended_ = true;
    owner->stopReading();
    owner->events_->onEnd();
  } else if (count < 0) {
    owner->tellBroken(static_cast<int>(count));
  }
}

void TcpStream::write(Bytes first, Bytes second) {
  if (socket_->write_failure != 0 || end_ != End::kNone) return;
  const bool idle = state_ == State::kOpen && !write_job_;
  if (idle && socket_->out.size() + first.size() + second.size() >= kDirectBytes) {
    return send(first, second);
  }
  socket_->out.append(first);
  socket_->out.append(second);
  if (idle) loop_.atTurnEnd(*this);
  if (queued() > kLowWater) backed_up_ = true;
}

bool TcpStream::flush() {
  if (state_ == State::kOpen && !write_job_ && socket_->write_failure == 0) sendQueued();
  return socket_->out.empty();
}

// Sends the queue, which is usually one piece.
void TcpStream::sendQueued() {
  Buffer& out = socket_->out;
  const Bytes front = out.front();
  if (front.size() < out.size()) return send({}, {});
  if (front.empty()) return;
  const std::ptrdiff_t sent = sendNow(socket_->descriptor, front);
  if (sent < 0) return failWrite(static_cast<int>(sent));
  if (sent > 0) out.consume(static_cast<std::size_t>(sent));
  if (!out.empty()) startJob();
}

void TcpStream::send(Bytes first, Bytes second) {
  Buffer& out = socket_->out;
  std::array<Bytes, kMaxPieces> pieces;
  std::size_t count = out.peek(std::span(pieces).first(kMaxPieces - 2));
  if (bytesIn(std::span(pieces).first(count)) < out.size()) {
    // More is queued than one call takes: new data must not overtake it.
    out.append(std::exchange(first, {}));
    out.append(std::exchange(second, {}));
  }
  if (!first.empty()) pieces[count++] = first;
  if (!second.empty()) pieces[count++] = second;
  if (count == 0) return;
  const std::ptrdiff_t sent = sendNow(socket_->descriptor, std::span(pieces).first(count));
  if (sent < 0) return failWrite(static_cast<int>(sent));
  auto taken = static_cast<std::size_t>(sent);
  const std::size_t from_queue = std::min(taken, out.size());
  out.consume(from_queue);
  taken -= from_queue;
  const std::size_t from_first = std::min(taken, first.size());
  out.append(first.subspan(from_first));
  out.append(second.subspan(taken - from_first));
  if (!out.empty()) startJob();
}

void TcpStream::startJob() {
  if (queued() > kLowWater) backed_up_ = true;
  std::array<Bytes, kMaxPieces> pieces;
  uv_buf_t buffers[kMaxPieces];
  const std::size_t count = socket_->out.peek(pieces);
  for (std::size_t i = 0; i < count; ++i) buffers[i] = bufOf(pieces[i]);
  const std::size_t bytes = bytesIn(std::span(pieces).first(count));
  auto* job = new (loop_.scratch().lend()) WriteJob{{}, socket_, &loop_.scratch(), bytes};
  job->request.data = job;
  const int status = uv_write(&job->request, socket_->stream(), buffers,
                              static_cast<unsigned>(count), [](uv_write_t* request, int result) {
                                auto* done = static_cast<WriteJob*>(request->data);
                                Socket* socket = done->socket;
                                const std::size_t written = done->bytes;
                                done->pool->giveBack(done);
                                if (socket->owner() == nullptr) return;
                                socket->out.consume(written);
                                socket->owner()->onJobDone(result);
                              });
  if (status != 0) {
    loop_.scratch().giveBack(job);
    return failWrite(status);
  }
  write_job_ = true;
}

void TcpStream::onJobDone(int status) {
  loop_.beginEvent();
  write_job_ = false;
  if (state_ == State::kBroken) return;
  if (status != 0) return failWrite(status);
  sendQueued();
  afterWrite();
}

// While reading, the read side reports the failure, after data that the peer may have sent before.
void TcpStream::failWrite(int status) {
  socket_->write_failure = status;
  socket_->out.clear();
  if (!reading_) loop_.atTurnEnd(*this);
}

void TcpStream::onTurnEnd() {
  if (state_ == State::kConnected) return tellConnected();
  if (state_ != State::kOpen) return;
  if (socket_->write_failure == 0 && !write_job_) sendQueued();
  if (socket_->write_failure == 0) return afterWrite();
  if (!reading_) tellBroken(socket_->write_failure);
}

void TcpStream::afterWrite() {
  if (socket_->write_failure != 0) return;
  if (end_ == End::kWanted && socket_->out.empty()) {
    end_ = End::kSent;
    ::shutdown(socket_->descriptor, SHUT_WR);
  }
  if (backed_up_ && queued() <= kLowWater) {
    backed_up_ = false;
    events_->onDrained();
  }
}

void TcpStream::shutdownWrite() {
  if (end_ != End::kNone) return;
  end_ = End::kWanted;
  if (state_ == State::kOpen) loop_.atTurnEnd(*this);
}

// With a linger time of 0, closing resets the connection.
void TcpStream::abort() {
  flush();
  if (socket_->descriptor < 0) return;
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_->descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

void TcpStream::tellBroken(int status) {
  state_ = State::kBroken;
  socket_->write_failure = status;
  stopReading();
  events_->onBroken(event::errorOf(status));
}

}  // namespace weir::net
