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
// so that it empties the table as the whole string would have done (RFC 7541, 4.4).
//
// If a frame ends within the length of a string, the first bytes of the length must be passed
// before the rest is known, and the string keeps the largest size that begins with them.
class FieldCutter {
 public:
  static constexpr std::size_t kMostBytes = 64 * 1024;       // nghttp2's limit for a name or value
  static constexpr std::size_t kLeastKept = 48 * 1024;       // of a string that is cut
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
  // read. False if they cannot be expressed: the connection must end.
  bool next(const FrameScanner::Piece& piece, Sink& sink);

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
  std::size_t restOfCut() const;
  void writeCutLength(bool whole);
  void passLength(Sink& sink);
  void passPartOfLength(Sink& sink);
  Bytes fillerFrom(std::size_t at) const;

  bool active_ = false;
  bool broken_ = false;
  bool last_ = false;  // the frame ends the block
  bool cut_ = false;
  bool padded_ = false;         // the padding length is still expected
  std::uint8_t skip_ = 0;       // bytes before the fragment
  std::uint32_t fragment_ = 0;  // bytes of the fragment still expected in this frame
  State state_ = State::kField;
  std::uint8_t strings_ = 0;      // of the field, including the current one
  std::size_t left_ = 0;          // bytes of the string still expected, or to be kept
  std::size_t drop_ = 0;          // bytes of the cut string to be dropped, after those kept
  std::size_t filled_ = 0;        // bytes of the cut string that were replaced by filler
  std::uint64_t rest_ = 0;        // of a length of several bytes, beyond its first byte
  std::array<char, 6> length_{};  // that length as nghttp2 reads it, as far as received
  std::uint8_t length_size_ = 0;
  std::uint8_t length_passed_ = 0;  // bytes of it, in earlier frames
  bool length_replaced_ = false;    // known to be too large before it was complete
};

}  // namespace weir::http::h2
