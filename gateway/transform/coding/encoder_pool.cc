#include "gateway/transform/coding/encoder_pool.h"

namespace weir::gateway {

EncoderPool::EncoderPool(event::Loop& loop, const Levels& levels, std::size_t most)
    : loop_(loop),
      levels_(levels),
      most_(most),
      whole_(levels[static_cast<std::size_t>(ContentCoding::kGzip)]) {}

EncoderPool::~EncoderPool() { count(memory_, 0); }

void EncoderPool::count(std::size_t before, std::size_t now) {
  memory_ += now - before;  // modulo 2^64
  loop_.addHeld(static_cast<std::int64_t>(now) - static_cast<std::int64_t>(before));
}

EncoderPool::Lent EncoderPool::take(ContentCoding coding, std::optional<std::uint64_t> size) {
  if (active_ >= most_) return {};
  auto& idle = idle_[static_cast<std::size_t>(coding)];
  std::unique_ptr<Encoder> encoder;
  if (idle.empty()) {
    encoder = makeEncoder(coding, levels_[static_cast<std::size_t>(coding)], &whole_);
  } else {
    encoder = std::move(idle.back());
    idle.pop_back();
    count(encoder->memory(), 0);
  }
  if (encoder == nullptr || !encoder->begin(size)) return {};
  ++active_;
  Lent lent(*this, coding, std::move(encoder));
  lent.countMemory();
  return lent;
}

EncoderPool::Lent& EncoderPool::Lent::operator=(Lent&& other) noexcept {
  giveBack();
  pool_ = other.pool_;
  coding_ = other.coding_;
  encoder_ = std::move(other.encoder_);
  counted_ = std::exchange(other.counted_, 0);
  return *this;
}

void EncoderPool::Lent::countMemory() {
  const std::size_t now = encoder_->memory();
  pool_->count(std::exchange(counted_, now), now);
  const std::size_t whole = pool_->whole_.memory();
  if (whole != pool_->whole_counted_) {
    pool_->count(std::exchange(pool_->whole_counted_, whole), whole);
  }
}

// An encoder that is not kept frees its memory now.
void EncoderPool::Lent::giveBack() {
  if (encoder_ == nullptr) return;
  countMemory();
  --pool_->active_;
  auto& idle = pool_->idle_[static_cast<std::size_t>(coding_)];
  if (idle.size() < kMostIdle) {
    idle.push_back(std::move(encoder_));
    return;
  }
  pool_->count(counted_, 0);
  encoder_.reset();
}

}  // namespace weir::gateway
