#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "core/base/bytes.h"
#include "gateway/transform/coding/content_coding.h"

namespace weir::gateway {

class WholeGzip;

// Compresses bodies, one after the other. Input and output are pieces of any size.
class Encoder {
 public:
  enum class Goal : std::uint8_t {
    kRead,   // the input is read; output may be held back to compress better
    kFlush,  // and what was read can be decoded from the output
    kEnd,    // and the body ends
  };
  struct Step {
    std::size_t read = 0;
    std::size_t written = 0;
    bool done = false;    // the goal is reached; otherwise more room is needed
    bool failed = false;  // the body cannot be continued
  };

  Encoder() = default;
  virtual ~Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  // Begins a body, of `size` bytes if that is known. False if there is no memory.
  virtual bool begin(std::optional<std::uint64_t> size) = 0;
  // For kFlush and kEnd without input, until done; nothing else may be called before.
  virtual Step encode(Bytes in, std::span<char> out, Goal goal) = 0;
  // The memory that it holds, in bytes, also between two bodies.
  virtual std::size_t memory() const = 0;
};

// `level`: as the library of the coding counts. `whole`: compresses small bodies of known size for
// all gzip encoders that share it; may be null. Null for kIdentity.
std::unique_ptr<Encoder> makeEncoder(ContentCoding coding, int level, WholeGzip* whole = nullptr);

}  // namespace weir::gateway
