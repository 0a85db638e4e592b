#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "core/base/bytes.h"

namespace weir::http::h2 {

// Splits a peer's bytes into pieces of one frame each (RFC 9113, 4.1), so that a frame is inspected
// after the frames before it have been processed.
class FrameScanner {
 public:
  static constexpr std::size_t kHeaderBytes = 9;

  struct Header {
    std::uint8_t type;
    std::uint8_t flags;
    std::int32_t stream;
    std::uint32_t length;  // of the payload
    std::array<char, kHeaderBytes> bytes;
  };
  struct Piece {
    Bytes bytes;
    std::size_t header_bytes = 0;  // bytes of a header, at the front
    std::optional<Header> header;  // set when these bytes complete it
  };

  // `preface`: bytes before the first frame.
  explicit FrameScanner(std::size_t preface) : payload_(preface) {}

  // Takes the next piece off `bytes`, which must not be empty.
  Piece next(Bytes& bytes) {
    Piece piece;
    std::size_t size = 0;
    if (payload_ == 0) {
      size = std::min(header_.size() - have_, bytes.size());
      std::copy_n(bytes.begin(), size, header_.begin() + static_cast<std::ptrdiff_t>(have_));
      have_ += size;
      piece.header_bytes = size;
      if (have_ == header_.size()) piece.header = begin();
    }
    const std::size_t more = std::min(payload_, bytes.size() - size);
    payload_ -= more;
    piece.bytes = bytes.first(size + more);
    bytes = bytes.subspan(size + more);
    return piece;
  }

 private:
  Header begin() {
    have_ = 0;
    const std::uint32_t length = number(0, 3);
    payload_ = length;
    return {static_cast<std::uint8_t>(header_[3]), static_cast<std::uint8_t>(header_[4]),
            static_cast<std::int32_t>(number(5, 4) & 0x7FFFFFFF), length, header_};
  }
  std::uint32_t number(std::size_t at, std::size_t size) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8 | static_cast<std::uint8_t>(header_[at + i]);
    }
    return value;
  }

  std::array<char, kHeaderBytes> header_{};
  std::size_t have_ = 0;
  std::size_t payload_;  // still expected
};

}  // namespace weir::http::h2
