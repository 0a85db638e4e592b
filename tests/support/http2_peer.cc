#include "tests/support/http2_peer.h"

#include <nghttp2/nghttp2.h>

#include "core/base/number.h"

namespace weir::test {
namespace {

constexpr std::size_t kFrameHeader = 9;
constexpr char kEndStream = 1;
constexpr char kEndHeaders = 4;

std::string frame(int type, char flags, std::uint8_t stream, std::string_view payload) {
  std::string text;
  for (const unsigned shift : {16U, 8U, 0U}) {
    text.push_back(static_cast<char>(payload.size() >> shift));
  }
  text.push_back(static_cast<char>(type));
  text.push_back(flags);
  text.append(3, '\0').push_back(static_cast<char>(stream));
  return text.append(payload);
}

// A string in HPACK without the Huffman code (RFC 7541, 5.2).
void putText(std::string& block, std::string_view text) {
  constexpr std::size_t kInPrefix = 127;
  if (text.size() < kInPrefix) {
    block.push_back(static_cast<char>(text.size()));
  } else {
    block.push_back(static_cast<char>(kInPrefix));
    std::size_t rest = text.size() - kInPrefix;
    for (; rest >= 128; rest /= 128) block.push_back(static_cast<char>(128 + rest % 128));
    block.push_back(static_cast<char>(rest));
  }
  block.append(text);
}

std::size_t numberAt(std::string_view bytes, std::size_t at, std::size_t count) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value = value * 256 + static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

}  // namespace

std::string Http2Answer::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return "";
}

Http2Peer::Http2Peer() { nghttp2_hd_inflate_new(&inflater_); }

Http2Peer::~Http2Peer() { nghttp2_hd_inflate_del(inflater_); }

std::string Http2Peer::greeting() {
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(NGHTTP2_SETTINGS, 0, 0, "");
}

std::string Http2Peer::head(std::uint8_t stream, Fields fields, bool ends) {
  std::string block;
  for (const auto& [name, value] : fields) {
    block.push_back(0x10);  // literal, never indexed
    putText(block, name);
    putText(block, value);
  }
  const int flags = kEndHeaders | (ends ? kEndStream : 0);
  return frame(NGHTTP2_HEADERS, static_cast<char>(flags), stream, block);
}

std::string Http2Peer::data(std::uint8_t stream, std::string_view bytes, bool ends) {
  return frame(NGHTTP2_DATA, ends ? kEndStream : '\0', stream, bytes);
}

std::string Http2Peer::resetStream(std::uint8_t stream) {
  return frame(NGHTTP2_RST_STREAM, 0, stream, std::string(3, '\0') + '\x08');
}

void Http2Peer::feed(std::string_view bytes) {
  unread_.append(bytes);
  while (unread_.size() >= kFrameHeader) {
    const std::size_t length = numberAt(unread_, 0, 3);
    if (unread_.size() < kFrameHeader + length) return;
    takeFrame(unread_[3], unread_[4], static_cast<std::uint32_t>(numberAt(unread_, 5, 4)),
              std::string_view(unread_).substr(kFrameHeader, length));
    unread_.erase(0, kFrameHeader + length);
  }
}

void Http2Peer::takeFrame(char type, char flags, std::uint32_t stream, std::string_view payload) {
  Http2Answer& answer = answers_[stream];
  if (type == NGHTTP2_HEADERS) takeFields(answer, payload);
  if (type == NGHTTP2_DATA) answer.body.append(payload);
  if (type == NGHTTP2_RST_STREAM) answer.reset = true;
  const bool may_end = type == NGHTTP2_HEADERS || type == NGHTTP2_DATA;
  if (may_end && (flags & kEndStream) != 0) answer.ended = true;
}

void Http2Peer::takeFields(Http2Answer& answer, std::string_view block) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(block.data());
  const auto* const end = at + block.size();
  int flags = 0;
  while ((flags & NGHTTP2_HD_INFLATE_FINAL) == 0) {
    nghttp2_nv field{};
    const auto left = static_cast<std::size_t>(end - at);
    const auto used = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, at, left, 1);
    if (used < 0) return;
    at += used;
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0) continue;
    std::string name(reinterpret_cast<const char*>(field.name), field.namelen);
    std::string value(reinterpret_cast<const char*>(field.value), field.valuelen);
    if (name == ":status") answer.status = parseNumber<int>(value).value_or(0);
    answer.fields.emplace_back(std::move(name), std::move(value));
  }
  nghttp2_hd_inflate_end_headers(inflater_);
}

}  // namespace weir::test
