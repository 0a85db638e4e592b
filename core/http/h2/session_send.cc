// The sending half of a session: submitted messages, and the frames made from them.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <nghttp2/nghttp2.h>

#include "core/http/h2/session.h"

namespace weir::http::h2 {
namespace {

// A frame's header (RFC 9113, 4.1).
constexpr std::size_t kFrameHeader = 9;
// With its header, a body frame fills a TLS record exactly.
constexpr std::size_t kMostBody = 16 * 1024 - kFrameHeader;
// While this much is queued on the wire, no more frames are made.
constexpr std::size_t kMostUnsent = 64 * 1024;
// nghttp2 takes read-only text as non-const.
std::uint8_t* unconst(std::string_view text) {
  return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
}

// Fields in nghttp2's representation. nghttp2 copies them, except for static names, with their
// names in lower case. To clear few_ would cost more than to fill it.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): see above
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
    unsigned flags = NGHTTP2_NV_FLAG_NONE;
    if (field.never_indexed) flags |= NGHTTP2_NV_FLAG_NO_INDEX;
    if (field.static_name) flags |= NGHTTP2_NV_FLAG_NO_COPY_NAME;
    return {unconst(field.name), unconst(field.value), field.name.size(), field.value.size(),
            static_cast<std::uint8_t>(flags)};
  }

  std::array<nghttp2_nv, 32> few_;
  std::vector<nghttp2_nv> many_;  // used instead of few_ for more fields
  std::size_t count_ = 0;
};

}  // namespace

struct Session::Sending {
  static Session& sessionOf(void* user) { return *static_cast<Session*>(user); }

  static int onFrameSent(nghttp2_session* raw, const nghttp2_frame* frame, void* user) {
    Session& session = sessionOf(user);
    if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) return 0;
    ++session.work_;
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    auto* stream =
        static_cast<Stream*>(nghttp2_session_get_stream_user_data(raw, frame->hd.stream_id));
    if (stream != nullptr) session.onSentEnd(*stream);
    return 0;
  }

  // How much of the body goes into the next frame; the frame is made in onSendBody.
  // NOLINTNEXTLINE(readability-function-size): the signature is nghttp2's
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

  // NOLINTNEXTLINE(readability-function-size): the signature is nghttp2's
  static int onSendBody(nghttp2_session*, nghttp2_frame*, const std::uint8_t* header,
                        std::size_t size, nghttp2_data_source* source, void* user) {
    Session& session = sessionOf(user);
    if (!session.makeRoom(kFrameHeader + size)) return NGHTTP2_ERR_WOULDBLOCK;
    session.gather({reinterpret_cast<const char*>(header), kFrameHeader});
    session.gatherBody(*static_cast<Stream*>(source->ptr), size);
    return 0;
  }

  // NOLINTNEXTLINE(readability-function-size): the signature is nghttp2's
  static ssize_t bodyRoom(nghttp2_session*, std::uint8_t, std::int32_t, std::int32_t connection,
                          std::int32_t stream, std::uint32_t frame, void*) {
    const auto window = static_cast<std::size_t>(std::min(connection, stream));
    return static_cast<ssize_t>(std::min({window, std::size_t{frame}, kMostBody}));
  }

  static nghttp2_data_provider bodyOf(Stream& stream) {
    nghttp2_data_provider provider{};
    provider.source.ptr = &stream;
    provider.read_callback = onRead;
    return provider;
  }
};

void Session::addSending(nghttp2_session_callbacks* table) {
  nghttp2_session_callbacks_set_on_frame_send_callback(table, Sending::onFrameSent);
  nghttp2_session_callbacks_set_send_data_callback(table, Sending::onSendBody);
  nghttp2_session_callbacks_set_data_source_read_length_callback(table, Sending::bodyRoom);
}

void Session::send() {
  if (in_receive_ || frames_ != nullptr || over_) return;
  frames_ = loop_.frameBuffer();
  while (makeRoom(1)) {
    const std::uint8_t* frame = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &frame);
    if (size <= 0) break;  // errors were reported by closing streams
    const Bytes bytes(reinterpret_cast<const char*>(frame), static_cast<std::size_t>(size));
    makeRoom(bytes.size());
    gather(bytes);
  }
  sendGathered();
  frames_ = nullptr;
  if (wire_.queued() > 0) watchSending();
}

// Checks periodically whether the client reads, as long as data waits for it.
void Session::watchSending() {
  if (side_ == Side::kClient || send_tick_.armed() || options_.send_timeout.count() == 0) return;
  send_tick_.arm(options_.send_timeout);
}

void Session::onSendTick() {
  if (over_) return;
  if (wireStalled()) {
    onUnread(Unread::kTimeout);
    return onSilent();
  }
  onStallTick();
  if (buffered_ > 0 || wire_.queued() > 0) watchSending();
}

bool Session::wireStalled() {
  const std::size_t before = std::exchange(wire_left_, wire_.queued());
  if (wire_left_ == 0) wire_left_ = kNothing;
  return wire_left_ != kNothing && wire_left_ >= before;
}

void Session::resetIfStalled(Stream& stream) {
  const bool moved = std::exchange(stream.moved_, false);
  if (moved || stream.closed_ || stream.unsent() == 0) return;
  shed(stream, Unread::kTimeout, NGHTTP2_CANCEL);
}

void Session::shed(Stream& stream, Unread why, std::uint32_t code) {
  if (std::exchange(stream.shed_, true)) return;
  onUnread(why);
  reset(stream, code);
}

// Without room the stream is reset, because its rest would have to be buffered.
bool Session::hasRoomFor(Stream& stream, std::size_t bytes) {
  if (side_ == Side::kClient) return true;
  if (stream.shed_) return false;
  const bool full = buffered_ + bytes > options_.buffer_limit;
  if (!full && loop_.overload() < event::Overload::kResetStreams) [[likely]]
    return true;
  shed(stream, Unread::kMemory, NGHTTP2_ENHANCE_YOUR_CALM);
  return false;
}

// Makes room for `size` more bytes in the buffer. False if the wire must drain first.
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
  stream.moved_ = true;
  while (size > 0) {
    const bool direct = stream.out_.empty();
    const Bytes from = direct ? stream.direct_ : stream.out_.front();
    const Bytes piece = from.first(std::min(from.size(), size));
    gather(piece);
    if (direct) {
      stream.direct_ = from.subspan(piece.size());
    } else {
      stream.out_.consume(piece.size());
      buffered_ -= piece.size();
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

void Session::submitRequest(Stream& stream, Fields fields, bool body) {
  NameValues values;
  values.addAll(fields);
  const nghttp2_data_provider provider = Sending::bodyOf(stream);
  stream.finished_ = !body;
  stream.id_ = nghttp2_submit_request(session_.get(), nullptr, values.data(), values.size(),
                                      body ? &provider : nullptr, &stream);
  schedule();
}

void Session::submitResponse(Stream& stream, Fields fields, bool body) {
  NameValues values;
  values.addAll(fields);
  const nghttp2_data_provider provider = Sending::bodyOf(stream);
  stream.finished_ = !body;
  stream.head_sent_ = true;
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
  if (!bytes.empty()) {
    if (!hasRoomFor(stream, bytes.size())) return;
    stream.out_.append(bytes);
    stream.moved_ = true;  // its timeout begins now
    buffered_ += bytes.size();
    watchSending();
  }
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

}  // namespace weir::http::h2
