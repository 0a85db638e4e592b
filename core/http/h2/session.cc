#include "core/http/h2/session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include <nghttp2/nghttp2.h>

#include "core/base/check.h"
#include "core/http/h2/session_memory.h"

namespace weir::http::h2 {
namespace {

// WINDOW_UPDATEs that a client may send, and ten more for each frame of useful work.
constexpr std::uint64_t kWindowUpdatesAhead = 10'000;
constexpr std::uint64_t kWindowUpdatesPerFrame = 10;
// Resetting a request whose response has begun is normal: an abandoned download.
constexpr std::int64_t kLateReset = TokenBucket::kWhole / 10;
// Heads from a client that exceed their size limit.
constexpr Rate kLargeHeads = {.burst = 10, .per_second = 1};
// A head is decoded up to this far beyond its limit, so that its request can be answered. The
// excess fields only keep the compression in step: they are neither checked nor reported.
constexpr std::size_t kMostExcess = 64 * 1024;
constexpr std::size_t kFrameBytes = 16 * 1024;
constexpr std::size_t kMostAbandoned = 64;

// The payload of weir's PINGs, by which their acknowledgments are recognized.
using Opaque = std::array<std::uint8_t, 8>;
constexpr Opaque kGoodbye = {'w', 'e', 'i', 'r', 'd', 'o', 'n', 'e'};
constexpr Opaque kThere = {'w', 'e', 'i', 'r', 'p', 'i', 'n', 'g'};

// Error codes with which nghttp2 resets a stream without reporting an invalid frame.
bool isMistake(std::uint32_t code) {
  return code == NGHTTP2_PROTOCOL_ERROR || code == NGHTTP2_FLOW_CONTROL_ERROR ||
         code == NGHTTP2_STREAM_CLOSED;
}

// Raises nghttp2's own limits to what the settings allow.
void setLimits(nghttp2_option* option, const Options& options) {
  constexpr std::size_t kOwnMost = 1000;  // unsent acknowledgments of PING and SETTINGS
  nghttp2_option_set_max_outbound_ack(option,
                                      std::max<std::size_t>(kOwnMost, options.control.burst));
#ifdef WEIR_NGHTTP2_MAX_CONTINUATIONS
  constexpr std::size_t kOwnContinuations = 8;
  nghttp2_option_set_max_continuations(option,
                                       kOwnContinuations + options.limits.head_bytes / kFrameBytes);
#endif
  // TokenBucket limits the excesses of a client.
  constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();
#ifdef WEIR_NGHTTP2_STREAM_RESET_RATE_LIMIT
  nghttp2_option_set_stream_reset_rate_limit(option, kUnlimited, kUnlimited);
#endif
#ifdef WEIR_NGHTTP2_GLITCH_RATE_LIMIT
  nghttp2_option_set_glitch_rate_limit(option, kUnlimited, kUnlimited);
#endif
}

std::string_view asText(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

struct Session::Receiving {
  static Session& sessionOf(void* user) { return *static_cast<Session*>(user); }
  static Stream* streamOf(nghttp2_session* session, std::int32_t id) {
    return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int onBeginHeaders(nghttp2_session* raw, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    Session& session = sessionOf(user);
    session.in_head_ = true;
    session.block_bytes_ = 0;
    Stream* stream = streamOf(raw, frame->hd.stream_id);
    if (stream == nullptr && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      stream = session.openStream();
      if (stream == nullptr) return 0;
      stream->id_ = frame->hd.stream_id;
      nghttp2_session_set_stream_user_data(raw, stream->id_, stream);
    }
    session.head_stream_ = stream;
    if (stream != nullptr) session.onHeadBegin(*stream);
    return 0;
  }

  // NOLINTNEXTLINE(readability-function-size): the signature is nghttp2's
  static int onHeader(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                      std::uint8_t, void* user) {
    Session& session = sessionOf(user);
    Stream* const stream = session.head_stream_;
    const bool too_long = session.tooLong(name_size, value_size);
    if (too_long) session.checkTable(name_size + value_size);
    // A field that is too long counts as the limit, so that its stream is answered.
    const std::size_t size = too_long ? session.options_.limits.head_bytes : name_size + value_size;
    if (!session.countField(stream, size)) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (stream == nullptr) return 0;
    if (too_long) {
      session.onFieldTooLong(*stream);
      return 0;
    }
    session.onField(*stream, asText(name, name_size), asText(value, value_size));
    return 0;
  }

  // nghttp2 would skip an invalid field; weir rejects such a message.
  // NOLINTNEXTLINE(readability-function-size): the signature is nghttp2's
  static int onInvalidHeader(nghttp2_session* raw, const nghttp2_frame* frame, const std::uint8_t*,
                             std::size_t, const std::uint8_t*, std::size_t, std::uint8_t, void*) {
    Stream* stream = streamOf(raw, frame->hd.stream_id);
    if (stream != nullptr) stream->refused_ = true;
    return nghttp2_submit_rst_stream(raw, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                     NGHTTP2_PROTOCOL_ERROR);
  }

  static int onInvalidFrame(nghttp2_session* raw, const nghttp2_frame* frame, int, void* user) {
    Session& session = sessionOf(user);
    if (frame->hd.type == NGHTTP2_HEADERS) session.in_head_ = false;
    Stream* stream = streamOf(raw, frame->hd.stream_id);
    if (stream != nullptr) {
      stream->refused_ = true;
    } else {
      session.abandon(frame->hd.stream_id);
    }
    session.charge(Flood::kResets, session.resets_);
    return 0;
  }

  // NOLINTNEXTLINE(readability-function-size): the signature is nghttp2's
  static int onData(nghttp2_session* raw, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                    std::size_t size, void* user) {
    // A stream that is not read must not block the others.
    nghttp2_session_consume_connection(raw, size);
    Stream* stream = streamOf(raw, id);
    if (stream == nullptr) return 0;
    sessionOf(user).onBody(*stream, {reinterpret_cast<const char*>(data), size});
    if (stream->reading_) {
      nghttp2_session_consume_stream(raw, id, size);
    } else {
      stream->held_ += size;
    }
    return 0;
  }

  static int onFrame(nghttp2_session* raw, const nghttp2_frame* frame, void* user) {
    Session& session = sessionOf(user);
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    const bool ack = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
    Stream* stream = streamOf(raw, frame->hd.stream_id);
    if (stream != nullptr) {
      stream->peer_reset_ = frame->hd.type == NGHTTP2_RST_STREAM;
      stream->peer_done_ = stream->peer_done_ || ends || stream->peer_reset_;
    }
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        session.in_head_ = false;
        ++session.work_;
        if (stream != nullptr && !stream->refused_) session.onHeadEnd(*stream, ends);
        break;
      case NGHTTP2_DATA:
        session.countData(frame->hd.length - frame->data.padlen, ends);
        if (stream != nullptr && ends) session.onBodyEnd(*stream);
        break;
      case NGHTTP2_RST_STREAM:
        session.chargeReset(stream);
        break;
      case NGHTTP2_PING:
        session.onPing(ack, &frame->ping.opaque_data[0]);
        break;
      default:
        session.onControlFrame(frame->hd.type, ack);
    }
    return 0;
  }

  static int onClose(nghttp2_session* raw, std::int32_t id, std::uint32_t code, void* user) {
    Stream* stream = streamOf(raw, id);
    if (stream == nullptr) return 0;
    stream->closed_ = true;
    stream->code_ = code;
    Session& session = sessionOf(user);
    if (session.head_stream_ == stream) session.head_stream_ = nullptr;
    if (!stream->peer_done_) session.abandon(id);
    if (!stream->peer_reset_ && !stream->refused_ && isMistake(code)) {
      stream->refused_ = true;
      session.charge(Flood::kResets, session.resets_);
    }
    if (stream->head_sent_ && code == NGHTTP2_NO_ERROR) ++session.answered_;
    session.buffered_ -= stream->out_.size();
    stream->out_.clear();
    session.closed_.push_back(stream);
    session.schedule();
    return 0;
  }

  static const nghttp2_session_callbacks* table() {
    static const nghttp2_session_callbacks* const kTable = make();
    return kTable;
  }
  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* table = nullptr;
    WEIR_CHECK(nghttp2_session_callbacks_new(&table) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(table, onBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(table, onHeader);
    nghttp2_session_callbacks_set_on_invalid_header_callback(table, onInvalidHeader);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(table, onInvalidFrame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table, onData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(table, onFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(table, onClose);
    addSending(table);
    return table;
  }
};

void Session::Delete::operator()(nghttp2_session* session) const { nghttp2_session_del(session); }

Session::Session(event::Loop& loop, Wire& wire, const Options& options, Side side)
    : loop_(loop),
      wire_(wire),
      options_(options),
      side_(side),
      memory_(loop.freeLists()),
      scanner_(side == Side::kServer ? NGHTTP2_CLIENT_MAGIC_LEN : 0),
      heard_at_(loop.now()),
      silence_(loop.wheel(), *this),
      send_tick_(loop.wheel(), *this),
      resets_(options.resets),
      control_(options.control),
      large_heads_(kLargeHeads) {
  start(side);
}

Session::~Session() { loop_.cancelTurnEnd(*this); }

void Session::start(Side side) {
  nghttp2_option* option = nullptr;
  WEIR_CHECK(nghttp2_option_new(&option) == 0);
  setLimits(option, options_);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_max_deflate_dynamic_table_size(option, options_.header_table);
  nghttp2_option_set_server_fallback_rfc7540_priorities(option, 1);
  nghttp2_option_set_builtin_recv_extension_type(option, NGHTTP2_PRIORITY_UPDATE);
  nghttp2_session* session = nullptr;
  const bool server = side == Side::kServer;
  WEIR_CHECK(makeSession(&session, side, {Receiving::table(), this, option, memory_}) == 0);
  nghttp2_option_del(option);
  session_.reset(session);

  std::array<nghttp2_settings_entry, 6> entries{};
  std::size_t count = 0;
  entries[count++] = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options_.stream_window};
  entries[count++] = {NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, options_.header_table};
  entries[count++] = {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options_.limits.head_bytes};
  if (server) {
    entries[count++] = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options_.max_streams};
    entries[count++] = {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1};
    entries[count++] = {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1};
  } else {
    entries[count++] = {NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
  }
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, entries.data(), count);
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(options_.connection_window));
  if (options_.ping_interval.count() > 0) silence_.arm(options_.ping_interval);
  schedule();
}

// Call it with nothing unsent: nghttp2 then has no data in its buffer, because each frame was
// copied.
void Session::trimMemory() {
  if (frames_ != nullptr || in_receive_) return;
  memory_.releaseFrames();
  closed_.shrink_to_fit();
  drained_.shrink_to_fit();
}

void Session::receive(Bytes bytes) {
  ++heard_;
  if (silence_.armed()) hear();
  Bytes plain;  // bytes from an upstream that need no inspection before nghttp2
  while (!bytes.empty() && !over_ && !terminated_) {
    const FrameScanner::Piece piece = scanner_.next(bytes);
    if (piece.header) onFrameHeader(*piece.header);
    if (cutter_.active()) {
      take(std::exchange(plain, {}));
      if (!cutter_.next(piece, *this)) terminate(NGHTTP2_COMPRESSION_ERROR);
      continue;
    }
    const char* const start = plain.empty() ? piece.bytes.data() : plain.data();
    plain = {start, piece.bytes.data() + piece.bytes.size()};
    if (side_ == Side::kServer) take(std::exchange(plain, {}));
  }
  take(plain);
}

void Session::onFrameHeader(const FrameScanner::Header& header) {
  if (side_ == Side::kServer) refuseLate(header);
  if (!cutter_.begin(header)) terminate(NGHTTP2_COMPRESSION_ERROR);
}

void Session::hear() {
  heard_at_ = loop_.now();
  asked_ = false;
  if (std::exchange(doubted_, false)) onHeard();
}

void Session::take(Bytes bytes) {
  if (bytes.empty() || over_ || terminated_) return;
  in_receive_ = true;
  const ssize_t taken = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  in_receive_ = false;
  if (taken == NGHTTP2_ERR_FLOODED) {
    flood(Flood::kControl);
  } else if (taken < 0) {
    terminate(NGHTTP2_PROTOCOL_ERROR);
  }
  settle();
  schedule();
}

void Session::onTurnEnd() {
  send();
  settle();
  endIfOver();
}

// Raises the events collected so far, now that no other call is in progress.
void Session::settle() {
  for (std::size_t i = 0; i < drained_.size(); ++i) {
    if (!drained_[i]->closed_) onDrained(*drained_[i]);
  }
  drained_.clear();
  for (std::size_t i = 0; i < closed_.size(); ++i) onClosed(*closed_[i], errorOf(*closed_[i]));
  closed_.clear();
}

void Session::endIfOver() {
  if (over_ || nghttp2_session_want_read(session_.get()) != 0 ||
      nghttp2_session_want_write(session_.get()) != 0) {
    return;
  }
  over_ = true;
  onSessionEnd();
}

Error Session::errorOf(const Stream& stream) const {
  const Origin origin = side_ == Side::kServer ? Origin::kDownstream : Origin::kUpstream;
  if (stream.refused_) return {ErrorCode::kProtocol, origin, "malformed message"};
  if (stream.too_large_) return {ErrorCode::kTooLarge, origin, "header fields too large"};
  if (stream.code_ == NGHTTP2_REFUSED_STREAM) {
    return {ErrorCode::kRefused, origin, "stream refused"};
  }
  return {ErrorCode::kReset, origin, "stream reset"};
}

// nghttp2 forgets closed streams, to save memory, and ignores frames on them.
void Session::refuseLate(const FrameScanner::Header& header) {
  if (header.type != NGHTTP2_DATA && header.type != NGHTTP2_HEADERS) return;
  if (!mayComeOn(header.stream)) terminate(NGHTTP2_STREAM_CLOSED);
}

// Streams that are open, that begin, or that the peer did not know to be closed (RFC 9113, 5.1).
bool Session::mayComeOn(std::int32_t id) const {
  if (id % 2 == 0 || nghttp2_session_find_stream(session_.get(), id) != nullptr) return true;
  if (id > nghttp2_session_get_last_proc_stream_id(session_.get())) return true;
  return id <= abandoned_up_to_ ||
         std::find(abandoned_.begin(), abandoned_.end(), id) != abandoned_.end();
}

void Session::abandon(std::int32_t id) {
  if (side_ == Side::kClient) return;
  if (abandoned_.size() == kMostAbandoned) {
    abandoned_up_to_ = std::max(abandoned_up_to_, abandoned_.front());
    abandoned_.erase(abandoned_.begin());
  }
  abandoned_.push_back(id);
}

void Session::onControlFrame(std::uint8_t type, bool ack) {
  switch (type) {
    case NGHTTP2_WINDOW_UPDATE:
      return countWindowUpdate();
    case NGHTTP2_GOAWAY:
      return onGoaway();
    case NGHTTP2_SETTINGS:
      if (ack) return;
      settings_received_ = true;
      onSettings();
      break;
    default:
      break;
  }
  charge(Flood::kControl, control_);
}

void Session::onPing(bool ack, const std::uint8_t* opaque) {
  if (!ack) return charge(Flood::kControl, control_);
  if (std::equal(kGoodbye.begin(), kGoodbye.end(), opaque)) onShutdownPingAck();
}

// A peer that has not yet taken earlier data would receive a PING late: that time is not counted.
void Session::onSilenceTick() {
  if (over_) return;
  if (wire_.queued() > 0) hear();
  if (asked_) return onSilent();
  if (options_.ping_interval.count() == 0) return;
  const Milliseconds silence = loop_.now() - heard_at_;
  if (silence < options_.ping_interval) return silence_.arm(options_.ping_interval - silence);
  ask();
}

void Session::doubt() {
  if (over_ || std::exchange(doubted_, true)) return;
  if (!asked_) ask();
}

void Session::ask() {
  asked_ = true;
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, kThere.data());
  silence_.arm(options_.ping_timeout);
  schedule();
}

void Session::charge(Flood kind, TokenBucket& allowance, std::int64_t parts) {
  if (side_ == Side::kClient) return;
  const std::uint64_t work = &allowance == &control_ ? work_ : answered_;
  if (!allowance.take(loop_.now(), work, parts)) flood(kind);
}

// If the stream is gone, its response was complete before the client knew.
void Session::chargeReset(const Stream* stream) {
  const bool late = stream == nullptr || stream->head_sent_;
  charge(Flood::kResets, resets_, late ? kLateReset : TokenBucket::kWhole);
}

void Session::countData(std::size_t bytes, bool ends) {
  if (bytes > 0) {
    ++work_;
  } else if (!ends) {
    charge(Flood::kEmpty, control_);
  }
}

// False if the rest of the head must be ignored: the stream is reset.
bool Session::countField(Stream* stream, std::size_t bytes) {
  const std::size_t before = block_bytes_;
  block_bytes_ += bytes + kFieldCost;
  const std::size_t limit = options_.limits.head_bytes;
  if (block_bytes_ <= limit) [[likely]]
    return true;
  if (before <= limit) charge(Flood::kHeads, large_heads_);
  if (block_bytes_ <= limit + kMostExcess) return true;
  in_head_ = false;
  if (stream != nullptr) stream->too_large_ = true;
  return false;
}

bool Session::tooLong(std::size_t name_size, std::size_t value_size) const {
  return cutter_.cut() && std::max(name_size, value_size) >= FieldCutter::kLeastKept;
}

// A field that was cut must have emptied the compression table, as the whole one would have.
void Session::checkTable(std::size_t size) {
  if (size + kFieldCost <= options_.header_table) terminate(NGHTTP2_COMPRESSION_ERROR);
}

void Session::countWindowUpdate() {
  ++window_updates_;
  if (side_ == Side::kClient) return;
  if (window_updates_ > kWindowUpdatesAhead + kWindowUpdatesPerFrame * work_) {
    flood(Flood::kWindowUpdates);
  }
}

void Session::flood(Flood kind) {
  if (std::exchange(flooded_, true)) return;
  onFlood(kind);
  terminate(NGHTTP2_ENHANCE_YOUR_CALM);
}

void Session::terminate(std::uint32_t code) {
  terminated_ = true;
  nghttp2_session_terminate_session(session_.get(), code);
  schedule();
}

void Session::reset(Stream& stream, std::uint32_t code) {
  if (stream.closed_) return;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id_, code);
  schedule();
}

void Session::setReading(Stream& stream, bool reading) {
  stream.reading_ = reading;
  if (!reading || stream.held_ == 0) return;
  nghttp2_session_consume_stream(session_.get(), stream.id_, std::exchange(stream.held_, 0));
  schedule();
}

void Session::submitShutdownNotice() {
  nghttp2_submit_shutdown_notice(session_.get());
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, kGoodbye.data());
  schedule();
}

void Session::submitGoaway() {
  const std::int32_t last = nghttp2_session_get_last_proc_stream_id(session_.get());
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
  schedule();
}

std::size_t Session::allowedByPeer() const {
  return nghttp2_session_get_remote_settings(session_.get(),
                                             NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

bool Session::allowsConnectProtocol() const {
  return nghttp2_session_get_remote_settings(session_.get(),
                                             NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

bool Session::isOpen(const Stream& stream) const {
  return nghttp2_session_find_stream(session_.get(), stream.id()) != nullptr;
}

bool Session::openable() const {
  return !over_ && nghttp2_session_check_request_allowed(session_.get()) != 0;
}

}  // namespace weir::http::h2
