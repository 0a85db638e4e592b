#pragma once

#include <cstddef>
#include <memory>

#include "core/base/bytes.h"

struct libdeflate_compressor;

namespace weir::gateway {

// Compresses complete bodies with gzip. It keeps nothing of a body, so that one serves all encoders
// of a worker.
class WholeGzip {
 public:
  static constexpr std::size_t kMostInput = std::size_t{64} * 1024;

  explicit WholeGzip(int level) : level_(level) {}

  // Valid until the next call; empty if there is no memory.
  Bytes compress(Bytes body);
  std::size_t memory() const;  // that it holds, in bytes

 private:
  struct Release {
    void operator()(libdeflate_compressor* compressor) const;
  };

  const int level_;
  std::unique_ptr<libdeflate_compressor, Release> compressor_;  // made by the first call
  std::unique_ptr<char[]> room_;
  std::size_t room_size_ = 0;
};

}  // namespace weir::gateway
