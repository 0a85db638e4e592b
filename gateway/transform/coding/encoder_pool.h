#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/event/loop.h"
#include "gateway/transform/coding/encoder.h"
#include "gateway/transform/coding/whole_gzip.h"

namespace weir::gateway {

// The encoders of one worker: a limited number, some of which are kept for reuse, because it costs
// as much to make one as to compress a small body. Their memory counts towards the budget of the
// process.
class EncoderPool {
 public:
  using Levels = std::array<int, kContentCodings>;

  // An encoder that is in use.
  class Lent {
   public:
    Lent() = default;
    Lent(EncoderPool& pool, ContentCoding coding, std::unique_ptr<Encoder> encoder)
        : pool_(&pool), coding_(coding), encoder_(std::move(encoder)) {}
    ~Lent() { giveBack(); }
    Lent(Lent&& other) noexcept = default;
    Lent& operator=(Lent&& other) noexcept;

    explicit operator bool() const { return encoder_ != nullptr; }
    Encoder::Step encode(Bytes in, std::span<char> out, Encoder::Goal goal) {
      return encoder_->encode(in, out, goal);
    }
    void countMemory();  // that it has taken since
    void giveBack();

   private:
    EncoderPool* pool_ = nullptr;
    ContentCoding coding_ = ContentCoding::kIdentity;
    std::unique_ptr<Encoder> encoder_;
    std::size_t counted_ = 0;  // bytes of memory
  };

  EncoderPool(event::Loop& loop, const Levels& levels, std::size_t most);
  ~EncoderPool();
  EncoderPool(const EncoderPool&) = delete;
  EncoderPool& operator=(const EncoderPool&) = delete;

  // An encoder that has begun a body; none if all are in use, or if there is no memory.
  Lent take(ContentCoding coding, std::optional<std::uint64_t> size);
  std::size_t active() const { return active_; }
  std::size_t memory() const { return memory_; }  // counted

 private:
  static constexpr std::size_t kMostIdle = 8;  // of each coding

  void count(std::size_t before, std::size_t now);

  event::Loop& loop_;
  const Levels levels_;
  const std::size_t most_;
  std::size_t active_ = 0;
  std::size_t memory_ = 0;
  WholeGzip whole_;
  std::size_t whole_counted_ = 0;
  std::array<std::vector<std::unique_ptr<Encoder>>, kContentCodings> idle_;
};

}  // namespace weir::gateway
