#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/bytes.h"
#include "core/http/h2/frame_scanner.h"

namespace weir::http::h2 {

// Shortens names and values of more than 64 KiB in what a peer sends. nghttp2 takes such a string
// for broken compression and ends the connection; cut to 64 KiB, it is a field that is too large,
// and its stream alone is refused.
//
// A string that long needs several frames, so that only header blocks of several frames are looked
// at (RFC 7541, 6). What is kept of the string is filler. It is larger than any table of
// compression, so that the table is emptied as it would have been by the whole string (RFC 7541,
// 4.4). A string whose length is split between two frames is left alone.
class FieldCutter {
 public:
  static constexpr std::size_t kMostBytes = 64 * 1024;       // of a name or value, for nghttp2
  static constexpr std::size_t kMostCut = 16 * 1024 * 1024;  // a longer one is left alone

  class Sink {
   public:
    virtual void pass(Bytes bytes) = 0;

   protected:
    ~Sink() = default;
  };

  // A frame begins. False when it breaks off a field that is being cut: the connection is to end.
  bool begin(const FrameScanner::Header& header) {
    constexpr std::uint8_t kHeaders = 1;
    constexpr std::uint8_t kEndHeaders = 0x04;
    const bool many = header.type == kHeaders && (header.flags & kEndHeaders) == 0;
    if (!many && !active_ && (header.type != kHeaders || !cut_)) [[likely]]
      return true;
    return startFrame(header);
  }
  // Frames are to go through next().
  bool active() const { return active_; }
  // The header block that comes in has, or had, a field that was cut.
  bool cut() const { return cut_; }

  // Takes a piece of a frame, while active(). Calls sink.pass() with what nghttp2 is to read.
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
  bool padded_ = false;         // the length of the padding has yet to come
  std::uint8_t skip_ = 0;       // bytes in front of the fragment
  std::uint32_t fragment_ = 0;  // bytes of it that are to come in this frame
  State state_ = State::kField;
  std::uint8_t strings_ = 0;      // of the field, the one at hand included
  std::size_t left_ = 0;          // of the string: what is to come, or to be kept
  std::size_t drop_ = 0;          // of the string that is cut, behind what is kept
  std::array<char, 6> length_{};  // a length of several bytes, as far as it came
  std::uint8_t length_size_ = 0;
};

}  // namespace weir::http::h2
