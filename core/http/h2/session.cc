#include "core/http/h2/session.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <nghttp2/nghttp2.h>

#include "core/base/check.h"

namespace weir::http::h2 {
namespace {

// A frame's header (RFC 9113, 4.1).
constexpr std::size_t kFrameHeader = 9;
// With its header, a frame of body fills a record of TLS exactly.
constexpr std::size_t kMostBody = 16 * 1024 - kFrameHeader;
// While this much waits on the wire, no more frames are made.
constexpr std::size_t kMostUnsent = 64 * 1024;
// A client may send as many WINDOW_UPDATEs, and ten more for each DATA frame of ours.
constexpr std::uint64_t kWindowUpdatesAhead = 10'000;
constexpr std::uint64_t kWindowUpdatesPerFrame = 10;
constexpr std::size_t kMostAbandoned = 64;

// nghttp2 takes what it only reads as if it might change it.
std::uint8_t* unconst(std::string_view text) {
  return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
}

// What nghttp2 resets a stream for without calling a frame invalid.
bool isMistake(std::uint32_t code) {
  return code == NGHTTP2_PROTOCOL_ERROR || code == NGHTTP2_FLOW_CONTROL_ERROR ||
         code == NGHTTP2_STREAM_CLOSED;
}

// Fields in nghttp2's words; it copies them, with their names in lower case.
class NameValues {
 public:
  void add(const Field& field) {
    if (count_ < few_.size()) {
      few_[count_] = convert(field);
    } else {
      if (count_ == few_.size()) many_.assign(few_.begin(), few_.end());
      many_.push_back(convert(field));
    }
    ++count_;
  }
  void addAll(Fields fields) {
    for (const Field& field : fields) add(field);
  }
  const nghttp2_nv* data() const { return count_ > few_.size() ? many_.data() : few_.data(); }
  std::size_t size() const { return count_; }

 private:
  static nghttp2_nv convert(const Field& field) {
    const std::uint8_t flags = field.secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
    return {unconst(field.name), unconst(field.value), field.name.size(), field.value.size(),
            flags};
  }

  std::array<nghttp2_nv, 48> few_;
  std::vector<nghttp2_nv> many_;  // instead, when they are more
  std::size_t count_ = 0;
};

std::string_view asText(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

struct Session::Callbacks {
  static Session& sessionOf(void* user) { return *static_cast<Session*>(user); }
  static Stream* streamOf(nghttp2_session* session, std::int32_t id) {
    return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int onBeginHeaders(nghttp2_session* raw, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    Session& session = sessionOf(user);
    session.in_head_ = true;
    Stream* stream = streamOf(raw, frame->hd.stream_id);
    if (stream == nullptr && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      stream = session.openStream();
      if (stream == nullptr) return 0;
      stream->id_ = frame->hd.stream_id;
      nghttp2_session_set_stream_user_data(raw, stream->id_, stream);
    }
    if (stream != nullptr) session.onHeadBegin(*stream);
    return 0;
  }

  static int onHeader(nghttp2_session* raw, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                      std::uint8_t, void* user) {
    Stream* stream = streamOf(raw, frame->hd.stream_id);
    if (stream == nullptr) return 0;
    sessionOf(user).onField(*stream, asText(name, name_size), asText(value, value_size));
    return 0;
  }

  // nghttp2 would pass over a field that it finds invalid: we want no part of such a message.
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
    session.countControl(Flood::kResets, session.resets_);
    return 0;
  }

  static int onData(nghttp2_session* raw, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                    std::size_t size, void* user) {
    // A stream that is not read must not hold up the others.
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
        if (stream != nullptr && !stream->refused_) session.onHeadEnd(*stream, ends);
        break;
      case NGHTTP2_DATA:
        if (frame->hd.length == 0 && !ends) session.countControl(Flood::kEmpty, session.control_);
        if (stream != nullptr && ends) session.onBodyEnd(*stream);
        break;
      case NGHTTP2_RST_STREAM:
        session.countControl(Flood::kResets, session.resets_);
        break;
      case NGHTTP2_WINDOW_UPDATE:
        session.countWindowUpdate();
        break;
      case NGHTTP2_PING:
        if (ack) {
          session.onPong();
        } else {
          session.countControl(Flood::kControl, session.control_);
        }
        break;
      case NGHTTP2_SETTINGS:
        if (ack) break;
        session.greeted_ = true;
        session.onSettings();
        session.countControl(Flood::kControl, session.control_);
        break;
      case NGHTTP2_GOAWAY:
        session.onGoaway();
        break;
      default:
        session.countControl(Flood::kControl, session.control_);
    }
    return 0;
  }

  static int onFrameSent(nghttp2_session* raw, const nghttp2_frame* frame, void* user) {
    Session& session = sessionOf(user);
    if (frame->hd.type == NGHTTP2_DATA) ++session.frames_sent_;
    if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) return 0;
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    Stream* stream = streamOf(raw, frame->hd.stream_id);
    if (stream != nullptr) session.onSentEnd(*stream);
    return 0;
  }

  static int onClose(nghttp2_session* raw, std::int32_t id, std::uint32_t code, void* user) {
    Stream* stream = streamOf(raw, id);
    if (stream == nullptr) return 0;
    stream->closed_ = true;
    stream->code_ = code;
    Session& session = sessionOf(user);
    if (!stream->peer_done_) session.abandon(id);
    if (!stream->peer_reset_ && !stream->refused_ && isMistake(code)) {
      stream->refused_ = true;
      session.countControl(Flood::kResets, session.resets_);
    }
    session.closed_.push_back(stream);
    session.schedule();
    return 0;
  }

  // How much of the body goes into the next frame; the frame is made in onSendBody.
  static ssize_t onRead(nghttp2_session* raw, std::int32_t id, std::uint8_t*, std::size_t room,
                        std::uint32_t* flags, nghttp2_data_source* source, void*) {
    Stream& stream = *static_cast<Stream*>(source->ptr);
    const std::size_t size = std::min(stream.unsent(), room);
    if (size == 0 && !stream.finished_) {
      stream.deferred_ = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (!stream.finished_ || size < stream.unsent()) return static_cast<ssize_t>(size);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream.trailers_.empty()) return static_cast<ssize_t>(size);
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    submitTrailers(raw, id, stream.trailers_);
    return static_cast<ssize_t>(size);
  }

  static void submitTrailers(nghttp2_session* raw, std::int32_t id, std::string_view text) {
    NameValues fields;
    const auto take = [&text] {
      const std::string_view word = text.substr(0, text.find('\0'));
      text.remove_prefix(word.size() + 1);
      return word;
    };
    while (!text.empty()) {
      const std::string_view name = take();
      fields.add({name, take()});
    }
    nghttp2_submit_trailer(raw, id, fields.data(), fields.size());
  }

  static int onSendBody(nghttp2_session*, nghttp2_frame*, const std::uint8_t* header,
                        std::size_t size, nghttp2_data_source* source, void* user) {
    Session& session = sessionOf(user);
    if (!session.makeRoom(kFrameHeader + size)) return NGHTTP2_ERR_WOULDBLOCK;
    session.gather({reinterpret_cast<const char*>(header), kFrameHeader});
    session.gatherBody(*static_cast<Stream*>(source->ptr), size);
    return 0;
  }

  static ssize_t bodyRoom(nghttp2_session*, std::uint8_t, std::int32_t, std::int32_t connection,
                          std::int32_t stream, std::uint32_t frame, void*) {
    const auto window = static_cast<std::size_t>(std::min(connection, stream));
    return static_cast<ssize_t>(std::min({window, std::size_t{frame}, kMostBody}));
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
    nghttp2_session_callbacks_set_on_frame_send_callback(table, onFrameSent);
    nghttp2_session_callbacks_set_on_stream_close_callback(table, onClose);
    nghttp2_session_callbacks_set_send_data_callback(table, onSendBody);
    nghttp2_session_callbacks_set_data_source_read_length_callback(table, bodyRoom);
    return table;
  }
  static nghttp2_data_provider bodyOf(Stream& stream) {
    nghttp2_data_provider provider{};
    provider.source.ptr = &stream;
    provider.read_callback = onRead;
    return provider;
  }
};

void Session::Delete::operator()(nghttp2_session* session) const { nghttp2_session_del(session); }

Session::Session(event::Loop& loop, Wire& wire, const Options& options, Side side)
    : loop_(loop),
      wire_(wire),
      options_(options),
      side_(side),
      scanner_(NGHTTP2_CLIENT_MAGIC_LEN),
      resets_(options.resets),
      control_(options.control) {
  start(side);
}

Session::~Session() { loop_.cancelTurnEnd(*this); }

void Session::start(Side side) {
  nghttp2_option* option = nullptr;
  WEIR_CHECK(nghttp2_option_new(&option) == 0);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_max_deflate_dynamic_table_size(option, options_.header_table);
  nghttp2_option_set_server_fallback_rfc7540_priorities(option, 1);
  nghttp2_option_set_builtin_recv_extension_type(option, NGHTTP2_PRIORITY_UPDATE);
  nghttp2_session* session = nullptr;
  const bool server = side == Side::kServer;
  const auto make = server ? nghttp2_session_server_new2 : nghttp2_session_client_new2;
  WEIR_CHECK(make(&session, Callbacks::table(), this, option) == 0);
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
  schedule();
}

void Session::receive(Bytes bytes) {
  if (side_ == Side::kClient) return take(bytes);
  while (!bytes.empty() && !over_) {
    const FrameScanner::Piece piece = scanner_.next(bytes);
    if (piece.header) refuseLate(*piece.header);
    take(piece.bytes);
  }
}

void Session::take(Bytes bytes) {
  if (over_) return;
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

void Session::send() {
  if (in_receive_ || frames_ != nullptr || over_) return;
  frames_ = loop_.frameBuffer();
  while (makeRoom(1)) {
    const std::uint8_t* frame = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &frame);
    if (size <= 0) break;  // what could fail has told so by closing streams
    const Bytes bytes(reinterpret_cast<const char*>(frame), static_cast<std::size_t>(size));
    makeRoom(bytes.size());
    gather(bytes);
  }
  sendGathered();
  frames_ = nullptr;
}

// Room for that many bytes more in the buffer. False when the wire is to be waited for.
bool Session::makeRoom(std::size_t size) {
  if (gathered_ + size > event::Loop::kLentBytes) sendGathered();
  return wire_.queued() < kMostUnsent;
}

void Session::gather(Bytes bytes) {
  if (bytes.size() > event::Loop::kLentBytes) return wire_.write(bytes);
  std::memcpy(frames_ + gathered_, bytes.data(), bytes.size());
  gathered_ += bytes.size();
}

void Session::gatherBody(Stream& stream, std::size_t size) {
  while (size > 0) {
    const bool direct = stream.out_.empty();
    const Bytes from = direct ? stream.direct_ : stream.out_.front();
    const Bytes piece = from.first(std::min(from.size(), size));
    gather(piece);
    if (direct) {
      stream.direct_ = from.subspan(piece.size());
    } else {
      stream.out_.consume(piece.size());
    }
    size -= piece.size();
  }
  if (!stream.backed_up_ || stream.unsent() > Stream::kLowWater) return;
  stream.backed_up_ = false;
  drained_.push_back(&stream);
  schedule();
}

void Session::sendGathered() {
  if (gathered_ == 0) return;
  wire_.write({frames_, std::exchange(gathered_, 0)});
}

// Tells what happened since, now that nobody of ours is in the midst of a call.
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
  if (stream.code_ == NGHTTP2_REFUSED_STREAM) {
    return {ErrorCode::kRefused, origin, "stream refused"};
  }
  return {ErrorCode::kReset, origin, "stream reset"};
}

// nghttp2 remembers no closed streams, which would take memory, and passes over what comes on them.
void Session::refuseLate(const FrameScanner::Header& header) {
  if (header.type != NGHTTP2_DATA && header.type != NGHTTP2_HEADERS) return;
  if (!mayComeOn(header.stream)) terminate(NGHTTP2_STREAM_CLOSED);
}

// Streams that are open, that begin, or of which the peer did not know that they are closed
// (RFC 9113, 5.1).
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

void Session::countControl(Flood kind, Allowance& allowance) {
  if (side_ == Side::kServer && !allowance.take(loop_.now())) flood(kind);
}

void Session::countWindowUpdate() {
  ++window_updates_;
  if (side_ == Side::kClient) return;
  if (window_updates_ > kWindowUpdatesAhead + kWindowUpdatesPerFrame * frames_sent_) {
    flood(Flood::kWindowUpdates);
  }
}

void Session::flood(Flood kind) {
  if (std::exchange(flooded_, true)) return;
  onFlood(kind);
  terminate(NGHTTP2_ENHANCE_YOUR_CALM);
}

void Session::terminate(std::uint32_t code) {
  nghttp2_session_terminate_session(session_.get(), code);
  schedule();
}

void Session::submitRequest(Stream& stream, Fields fields, bool body) {
  NameValues values;
  values.addAll(fields);
  const nghttp2_data_provider provider = Callbacks::bodyOf(stream);
  stream.finished_ = !body;
  stream.id_ = nghttp2_submit_request(session_.get(), nullptr, values.data(), values.size(),
                                      body ? &provider : nullptr, &stream);
  schedule();
}

void Session::submitResponse(Stream& stream, Fields fields, bool body) {
  NameValues values;
  values.addAll(fields);
  const nghttp2_data_provider provider = Callbacks::bodyOf(stream);
  stream.finished_ = !body;
  nghttp2_submit_response(session_.get(), stream.id_, values.data(), values.size(),
                          body ? &provider : nullptr);
  schedule();
}

void Session::submitInformational(Stream& stream, Fields fields) {
  NameValues values;
  values.addAll(fields);
  nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream.id_, nullptr, values.data(),
                         values.size(), nullptr);
  schedule();
}

void Session::sendBody(Stream& stream, Bytes bytes) {
  constexpr std::size_t kLarge = 8 * 1024;
  if (stream.closed_ || bytes.empty()) return;
  if (bytes.size() >= kLarge && stream.out_.empty()) {
    stream.direct_ = bytes;
    resume(stream);
    send();
    bytes = std::exchange(stream.direct_, {});
  }
  stream.out_.append(bytes);
  stream.backed_up_ = stream.unsent() > Stream::kLowWater;
  resume(stream);
}

void Session::finish(Stream& stream, const Headers* trailers) {
  if (stream.closed_ || stream.finished_) return;
  stream.finished_ = true;
  if (trailers != nullptr) {
    for (const Header& field : *trailers) {
      stream.trailers_.append(field.name).push_back('\0');
      stream.trailers_.append(field.value).push_back('\0');
    }
  }
  resume(stream);
}

void Session::resume(Stream& stream) {
  if (std::exchange(stream.deferred_, false)) {
    nghttp2_session_resume_data(session_.get(), stream.id_);
  }
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
  constexpr std::array<std::uint8_t, 8> kOpaque = {'w', 'e', 'i', 'r', 'd', 'o', 'n', 'e'};
  nghttp2_submit_shutdown_notice(session_.get());
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, kOpaque.data());
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

bool Session::openable() const {
  return !over_ && nghttp2_session_check_request_allowed(session_.get()) != 0;
}

}  // namespace weir::http::h2
