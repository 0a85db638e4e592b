#include "gateway/transform/coding/encoder_pool.h"

#include <utility>

namespace weir::gateway {

std::unique_ptr<Encoder> EncoderPool::take(ContentCoding coding,
                                           std::optional<std::uint64_t> size) {
  if (active_ >= most_) return nullptr;
  auto& idle = idle_[static_cast<std::size_t>(coding)];
  std::unique_ptr<Encoder> encoder;
  if (idle.empty()) {
    encoder = makeEncoder(coding, levels_[static_cast<std::size_t>(coding)]);
  } else {
    encoder = std::move(idle.back());
    idle.pop_back();
  }
  if (encoder == nullptr || !encoder->begin(size)) return nullptr;
  ++active_;
  return encoder;
}

void EncoderPool::giveBack(ContentCoding coding, std::unique_ptr<Encoder> encoder) {
  --active_;
  auto& idle = idle_[static_cast<std::size_t>(coding)];
  if (idle.size() < kMostIdle) idle.push_back(std::move(encoder));
}

}  // namespace weir::gateway
