#include "core/http/h2/field_cutter.h"

#include <algorithm>

namespace weir::http::h2 {
namespace {

constexpr std::uint8_t kHeadersFrame = 1;
constexpr std::uint8_t kContinuationFrame = 9;
constexpr std::uint8_t kEndHeaders = 0x04;
constexpr std::uint8_t kPadded = 0x08;
constexpr std::uint8_t kPriority = 0x20;
constexpr std::uint8_t kPriorityBytes = 5;
constexpr std::uint8_t kAllOnes = 0x7F;  // in a length: more bytes follow
constexpr std::uint8_t kCoded = 0x80;  // in the first byte of a length: the string is Huffman-coded
constexpr std::size_t kMostRest = FieldCutter::kMostBytes - kAllOnes;
// A length with this many bytes and at least one more exceeds kMostBytes, unless the peer encoded
// it in more bytes than necessary.
constexpr std::uint8_t kLongest = 4;

// Valid in a name and in a value, including a path.
template <unsigned char C>
constexpr std::array<char, 1024> kFiller = [] {
  std::array<char, 1024> bytes{};
  bytes.fill(static_cast<char>(C));
  return bytes;
}();
// The same with Huffman coding (RFC 7541, B): symbols of eight bits, '&' and 'X'.
constexpr const auto& kCodedName = kFiller<0xF8>;
constexpr const auto& kCodedValue = kFiller<0xFC>;
constexpr std::array<char, 3> kCodedSlashes = {'\x61', '\x86', '\x18'};  // four, for a path

// RFC 7541, 5.1, without the first byte.
std::uint64_t integerOf(const char* bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value += static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[i]) & kAllOnes) << 7 * i;
  }
  return value;
}

}  // namespace

bool FieldCutter::startFrame(const FrameScanner::Header& header) {
  const bool ends = (header.flags & kEndHeaders) != 0;
  const bool cutting = active_ && state_ == State::kCut;
  if (header.type == kHeadersFrame) {
    *this = {};
    active_ = !ends;
    padded_ = (header.flags & kPadded) != 0;
    if (padded_) ++skip_;
    if ((header.flags & kPriority) != 0) skip_ += kPriorityBytes;
    fragment_ = header.length > skip_ ? header.length - skip_ : 0;
    return !cutting;
  }
  active_ = active_ && !last_ && header.type == kContinuationFrame;
  if (!active_) return !cutting;
  last_ = ends;
  skip_ = 0;
  fragment_ = header.length;
  return !cutting || !ends || left_ + drop_ <= header.length;
}

bool FieldCutter::next(const FrameScanner::Piece& piece, Sink& sink) {
  Bytes payload = piece.bytes.subspan(piece.header_bytes);
  if (state_ != State::kCut) {
    if (piece.header_bytes > 0) sink.pass(piece.bytes.first(piece.header_bytes));
  } else if (piece.header) {
    passHeader(*piece.header, sink);
  }
  if (skip_ > 0 && !payload.empty()) payload = passFront(payload, sink);
  const std::size_t now = std::min<std::size_t>(fragment_, payload.size());
  fragment_ -= static_cast<std::uint32_t>(now);
  readFragment(payload.first(now), sink);
  if (now < payload.size()) sink.pass(payload.subspan(now));  // padding
  return !broken_;
}

// Passes the length of the padding and the priority, if present.
Bytes FieldCutter::passFront(Bytes payload, Sink& sink) {
  if (padded_) {
    const std::uint32_t padding = static_cast<std::uint8_t>(payload[0]);
    fragment_ -= std::min(padding, fragment_);
  }
  padded_ = false;
  const std::size_t front = std::min<std::size_t>(skip_, payload.size());
  skip_ -= static_cast<std::uint8_t>(front);
  sink.pass(payload.first(front));
  return payload.subspan(front);
}

// Shortens the frame by the bytes that will be dropped from it. A frame left empty is omitted.
void FieldCutter::passHeader(const FrameScanner::Header& header, Sink& sink) const {
  const std::size_t kept = std::min<std::size_t>(left_, header.length);
  const std::size_t length = header.length - std::min(drop_, header.length - kept);
  if (length == 0 && header.length > 0 && !last_) return;
  std::array<char, FrameScanner::kHeaderBytes> bytes = header.bytes;
  for (std::size_t i = 0; i < 3; ++i) bytes[i] = static_cast<char>(length >> (16 - 8 * i));
  sink.pass(bytes);
}

void FieldCutter::readFragment(Bytes bytes, Sink& sink) {
  std::size_t passed = 0;  // the bytes from here to `at` are passed unchanged
  std::size_t at = 0;
  while (at < bytes.size() && active_) {
    const std::size_t before = at;
    const bool replaced = replaces(static_cast<std::uint8_t>(bytes[at]));
    if (replaced && before > passed) sink.pass(bytes.subspan(passed, before - passed));
    at += step(bytes.subspan(at), sink);
    if (replaced) passed = at;
  }
  if (passed < bytes.size()) sink.pass(bytes.subspan(passed));
  if (fragment_ == 0 && state_ == State::kLongLength && active_) passPartOfLength(sink);
}

// Whether the bytes consumed by step() are withheld or replaced.
bool FieldCutter::replaces(std::uint8_t byte) const {
  if (state_ == State::kLength) return (byte & kAllOnes) == kAllOnes;
  return state_ == State::kLongLength || state_ == State::kCut;
}

// Consumes at least one byte.
std::size_t FieldCutter::step(Bytes bytes, Sink& sink) {
  const auto byte = static_cast<std::uint8_t>(bytes[0]);
  switch (state_) {
    case State::kField:
      readField(byte);
      return 1;
    case State::kIndex:
      if (byte > kAllOnes) return 1;
      state_ = strings_ > 0 ? State::kLength : State::kField;
      return 1;
    case State::kLength:
      readLength(byte);
      return 1;
    case State::kLongLength:
      return readLongLength(bytes, sink);
    case State::kString: {
      const std::size_t now = std::min(left_, bytes.size());
      left_ -= now;
      if (left_ == 0) endString();
      return now;
    }
    case State::kCut:
      return cutString(bytes, sink);
  }
  return bytes.size();
}

// The first byte of a field, or of a table size update (RFC 7541, 6).
void FieldCutter::readField(std::uint8_t byte) {
  std::uint8_t index_bits = 0x0F;
  if (byte >= 0x80) {
    index_bits = 0x7F;
  } else if (byte >= 0x40) {
    index_bits = 0x3F;
  } else if (byte >= 0x20) {
    index_bits = 0x1F;
  }
  const bool literal = index_bits == 0x0F || index_bits == 0x3F;
  const auto index = static_cast<std::uint8_t>(byte & index_bits);
  strings_ = 0;
  if (literal) strings_ = index == 0 ? 2 : 1;
  if (index == index_bits) {
    state_ = State::kIndex;
  } else {
    state_ = literal ? State::kLength : State::kField;
  }
}

void FieldCutter::readLength(std::uint8_t byte) {
  const auto size = static_cast<std::uint8_t>(byte & kAllOnes);
  if (size < kAllOnes) return beginString(size);
  length_[0] = static_cast<char>(byte);
  length_size_ = 1;
  length_passed_ = 0;
  length_replaced_ = false;
  rest_ = 0;
  state_ = State::kLongLength;
}

// Withheld until it is complete, because it may have to be replaced.
std::size_t FieldCutter::readLongLength(Bytes bytes, Sink& sink) {
  const auto byte = static_cast<std::uint8_t>(bytes[0]);
  rest_ += static_cast<std::uint64_t>(byte & kAllOnes) << 7 * (length_size_ - 1U);
  length_[length_size_++] = bytes[0];
  const bool whole = byte <= kAllOnes;
  if (!whole && length_size_ < length_.size()) return 1;
  const std::uint64_t size = kAllOnes + rest_;
  if (whole && size > kMostBytes && size <= kMostCut) {
    startCut(static_cast<std::size_t>(size), sink);
    return 1;
  }
  broken_ = length_replaced_;
  passLength(sink);
  beginString(static_cast<std::size_t>(size));
  active_ = whole && !broken_;
  return 1;
}

// The rest of the largest length that begins with the bytes already passed.
std::size_t FieldCutter::restOfCut() const {
  const std::size_t groups = length_passed_ > 0 ? length_passed_ - 1U : 0;
  const auto passed = static_cast<std::size_t>(integerOf(&length_[1], groups));
  const std::size_t step = std::size_t{1} << 7 * groups;
  return passed + (kMostRest - passed) / step * step;
}

// The new length has as many bytes as the old one, and no Huffman coding unless it was announced.
void FieldCutter::writeCutLength(bool whole) {
  std::size_t rest = restOfCut();
  if (length_passed_ == 0) length_[0] = static_cast<char>(kAllOnes);
  for (std::size_t i = 1; i < length_size_; ++i) {
    const bool more = !whole || i + 1U < length_size_;
    length_[i] = static_cast<char>((rest & kAllOnes) | (more ? 0x80U : 0U));
    rest >>= 7;
  }
}

void FieldCutter::passLength(Sink& sink) {
  sink.pass(Bytes(length_).first(length_size_).subspan(length_passed_));
  length_passed_ = length_size_;
}

// The frame ends, and its header has announced these bytes.
void FieldCutter::passPartOfLength(Sink& sink) {
  length_replaced_ = length_replaced_ || rest_ > kMostRest || length_size_ >= kLongest;
  if (length_replaced_) writeCutLength(false);
  passLength(sink);
}

void FieldCutter::startCut(std::size_t size, Sink& sink) {
  writeCutLength(true);
  left_ = kAllOnes + restOfCut();
  drop_ = size - left_;
  filled_ = 0;
  passLength(sink);
  cut_ = true;
  state_ = State::kCut;
}

std::size_t FieldCutter::cutString(Bytes bytes, Sink& sink) {
  const std::size_t kept = std::min(left_, bytes.size());
  for (const std::size_t end = filled_ + kept; filled_ < end;) {
    Bytes filler = fillerFrom(filled_);
    filler = filler.first(std::min(filler.size(), end - filled_));
    sink.pass(filler);
    filled_ += filler.size();
  }
  const std::size_t dropped = std::min(drop_, bytes.size() - kept);
  left_ -= kept;
  drop_ -= dropped;
  if (left_ + drop_ == 0) endString();
  return kept + dropped;
}

Bytes FieldCutter::fillerFrom(std::size_t at) const {
  const bool value = strings_ == 1;
  const bool coded = (static_cast<std::uint8_t>(length_[0]) & kCoded) != 0;
  if (!coded) return value ? Bytes(kFiller<'/'>) : Bytes(kFiller<'a'>);
  if (value && at < kCodedSlashes.size()) return Bytes(kCodedSlashes).subspan(at);
  return value ? Bytes(kCodedValue) : Bytes(kCodedName);
}

void FieldCutter::beginString(std::size_t size) {
  left_ = size;
  state_ = State::kString;
  if (size == 0) endString();
}

void FieldCutter::endString() {
  --strings_;
  state_ = strings_ > 0 ? State::kLength : State::kField;
}

}  // namespace weir::http::h2
