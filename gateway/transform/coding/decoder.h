#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/base/bytes.h"
#include "gateway/transform/coding/content_coding.h"

namespace weir::gateway {

// Decompresses one body. Input and output are pieces of any size.
class Decoder {
 public:
  enum class State : std::uint8_t {
    kInside,   // of the body: it is incomplete
    kBetween,  // what was read is a complete body; more may follow (RFC 1952, 2.2)
    kInvalid,
  };
  struct Step {
    std::size_t read = 0;
    std::size_t written = 0;  // if all of the room: there may be more
    State state = State::kInside;
  };

  Decoder() = default;
  virtual ~Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  virtual Step decode(Bytes in, std::span<char> out) = 0;
  // Bytes that it holds now, approximately.
  virtual std::size_t memory() const = 0;
};

// Null for kIdentity, or if there is no memory.
std::unique_ptr<Decoder> makeDecoder(ContentCoding coding);

}  // namespace weir::gateway
