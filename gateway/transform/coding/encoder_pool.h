#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "gateway/transform/coding/encoder.h"

namespace weir::gateway {

// The encoders of one worker: a limited number, some of which are kept for reuse, because it costs
// as much to make one as to compress a small body.
class EncoderPool {
 public:
  using Levels = std::array<int, kContentCodings>;

  EncoderPool(const Levels& levels, std::size_t most) : levels_(levels), most_(most) {}
  EncoderPool(const EncoderPool&) = delete;
  EncoderPool& operator=(const EncoderPool&) = delete;

  // An encoder that has begun a body; null if all are in use, or if there is no memory.
  std::unique_ptr<Encoder> take(ContentCoding coding, std::optional<std::uint64_t> size);
  void giveBack(ContentCoding coding, std::unique_ptr<Encoder> encoder);
  std::size_t active() const { return active_; }

 private:
  static constexpr std::size_t kMostIdle = 8;  // of each coding

  const Levels levels_;
  const std::size_t most_;
  std::size_t active_ = 0;
  std::array<std::vector<std::unique_ptr<Encoder>>, kContentCodings> idle_;
};

}  // namespace weir::gateway
