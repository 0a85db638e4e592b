#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/bytes.h"
#include "core/http/h2/frame_scanner.h"

namespace weir::http::h2 {

// Shortens received names and values of more than 64 KiB. nghttp2 treats such a string as a
// compression error and ends the connection; cut to 64 KiB, it is merely a field that is too large,
// and only its stream is refused.
//
// Such a string needs several frames; only header blocks of several frames are therefore inspected
// (RFC 7541, 6). The remaining string consists of filler. It is larger than any compression table,
// so that it empties the table as the whole string would have done (RFC 7541, 4.4). A string whose
// length is split between two frames is not cut.
class FieldCutter {
 public:
  static constexpr std::size_t kMostBytes = 64 * 1024;       // nghttp2's limit for a name or value
  static constexpr std::size_t kMostCut = 16 * 1024 * 1024;  // a longer string is not cut

  class Sink {
   public:
    virtual void pass(Bytes bytes) = 0;

   protected:
    ~Sink() = default;
  };

  // A frame begins. False if it interrupts a field that is being cut: the connection must end.
  bool begin(const FrameScanner::Header& header) {
    constexpr std::uint8_t kHeaders = 1;
    constexpr std::uint8_t kEndHeaders = 0x04;
    const bool many = header.type == kHeaders && (header.flags & kEndHeaders) == 0;
    if (!many && !active_ && (header.type != kHeaders || !cut_)) [[likely]]
      return true;
    return startFrame(header);
  }
  // Whether frames must go through next().
  bool active() const { return active_; }
  // Whether the current header block contains a field that was cut.
  bool cut() const { return cut_; }

  // Takes a piece of a frame, while active(). Passes to sink.pass() the bytes that nghttp2 must
  // read.
  void next(const FrameScanner::Piece& piece, Sink& sink);

 private:
  enum class State : std::uint8_t { kField, kIndex, kLength, kLongLength, kString, kCut };

  bool startFrame(const FrameScanner::Header& header);
  Bytes passFront(Bytes payload, Sink& sink);
  bool replaces(std::uint8_t byte) const;
  void passHeader(const FrameScanner::Header& header, Sink& sink) const;
  void readFragment(Bytes bytes, Sink& sink);
  std::size_t step(Bytes bytes, Sink& sink);
  std::size_t readLongLength(Bytes bytes, Sink& sink);
  std::size_t cutString(Bytes bytes, Sink& sink);
  void readField(std::uint8_t byte);
  void readLength(std::uint8_t byte);
  void beginString(std::size_t size);
  void endString();
  void startCut(std::size_t size, Sink& sink);

  bool active_ = false;
  bool last_ = false;  // the frame ends the block
  bool cut_ = false;
  bool padded_ = false;         // the padding length is still expected
  std::uint8_t skip_ = 0;       // bytes before the fragment
  std::uint32_t fragment_ = 0;  // bytes of the fragment still expected in this frame
  State state_ = State::kField;
  std::uint8_t strings_ = 0;      // of the field, including the current one
  std::size_t left_ = 0;          // bytes of the string still expected, or to be kept
  std::size_t drop_ = 0;          // bytes of the cut string to be dropped, after those kept
  std::array<char, 6> length_{};  // a length of several bytes, as far as received
  std::uint8_t length_size_ = 0;
};

}  // namespace weir::http::h2
