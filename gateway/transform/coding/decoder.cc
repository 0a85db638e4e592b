#include "gateway/transform/coding/decoder.h"

#include <algorithm>
#include <brotli/decode.h>
#include <cstdlib>
#include <limits>
#include <new>
#include <zlib.h>
#include <zstd.h>

namespace weir::gateway {
namespace {

constexpr int kAnyGzipWindow = 15 + 16;
constexpr int kLargestZstdWindow = 23;  // 8 MiB (RFC 9659)

// Several members may follow each other.
class GzipDecoder final : public Decoder {
 public:
  ~GzipDecoder() override {
    if (ready_) inflateEnd(&stream_);
  }
  bool begin() {
    ready_ = inflateInit2(&stream_, kAnyGzipWindow) == Z_OK;
    return ready_;
  }

  Step decode(Bytes in, std::span<char> out) override {
    constexpr std::size_t kMost = std::numeric_limits<unsigned>::max() / 2;
    const auto input = static_cast<unsigned>(std::min(in.size(), kMost));
    const auto room = static_cast<unsigned>(std::min(out.size(), kMost));
    if (ended_ && input == 0) return {.state = State::kBetween};
    if (ended_) inflateReset(&stream_);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = input;
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = room;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    ended_ = result == Z_STREAM_END;
    Step step{.read = input - stream_.avail_in, .written = room - stream_.avail_out};
    if (ended_) step.state = State::kBetween;
    if (!ended_ && result != Z_OK && result != Z_BUF_ERROR) step.state = State::kInvalid;
    return step;
  }
  std::size_t memory() const override { return kState + kWindow; }

 private:
  static constexpr std::size_t kState = 8 * 1024;
  static constexpr std::size_t kWindow = 32 * 1024;

  z_stream stream_{};
  bool ready_ = false;
  bool ended_ = false;
};

// Exactly one stream.
class BrDecoder final : public Decoder {
 public:
  ~BrDecoder() override {
    if (state_ != nullptr) BrotliDecoderDestroyInstance(state_);
  }
  bool begin() {
    state_ = BrotliDecoderCreateInstance(&allocate, &release, this);
    return state_ != nullptr;
  }

  Step decode(Bytes in, std::span<char> out) override {
    if (ended_) return {.state = in.empty() ? State::kBetween : State::kInvalid};
    std::size_t input = in.size();
    std::size_t room = out.size();
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    auto* next_out = reinterpret_cast<std::uint8_t*>(out.data());
    const auto result =
        BrotliDecoderDecompressStream(state_, &input, &next_in, &room, &next_out, nullptr);
    ended_ = result == BROTLI_DECODER_RESULT_SUCCESS;
    Step step{.read = in.size() - input, .written = out.size() - room};
    if (ended_) step.state = State::kBetween;
    if (result == BROTLI_DECODER_RESULT_ERROR) step.state = State::kInvalid;
    return step;
  }
  std::size_t memory() const override { return held_; }

 private:
  // In front of each block of memory; keeps the alignment.
  struct alignas(std::max_align_t) BlockSize {
    std::size_t bytes;
  };

  static void* allocate(void* self, std::size_t bytes) {
    void* const memory = std::malloc(sizeof(BlockSize) + bytes);
    if (memory == nullptr) return nullptr;
    static_cast<BrDecoder*>(self)->held_ += bytes;
    return new (memory) BlockSize{bytes} + 1;
  }
  static void release(void* self, void* memory) {
    if (memory == nullptr) return;
    auto* const block = static_cast<BlockSize*>(memory) - 1;
    static_cast<BrDecoder*>(self)->held_ -= block->bytes;
    std::free(block);
  }

  BrotliDecoderState* state_ = nullptr;
  std::size_t held_ = 0;
  bool ended_ = false;
};

// Several frames may follow each other.
class ZstdDecoder final : public Decoder {
 public:
  ~ZstdDecoder() override { ZSTD_freeDCtx(context_); }
  bool begin() {
    context_ = ZSTD_createDCtx();
    if (context_ == nullptr) return false;
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kLargestZstdWindow);
    return true;
  }

  Step decode(Bytes in, std::span<char> out) override {
    if (ended_ && in.empty()) return {.state = State::kBetween};
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t left = ZSTD_decompressStream(context_, &output, &input);
    ended_ = left == 0;
    Step step{.read = input.pos, .written = output.pos};
    if (ended_) step.state = State::kBetween;
    if (ZSTD_isError(left) != 0) step.state = State::kInvalid;
    return step;
  }
  std::size_t memory() const override { return ZSTD_sizeof_DCtx(context_); }

 private:
  ZSTD_DCtx* context_ = nullptr;
  bool ended_ = false;
};

template <typename T>
std::unique_ptr<Decoder> begun() {
  auto decoder = std::make_unique<T>();
  if (!decoder->begin()) return nullptr;
  return decoder;
}

}  // namespace

std::unique_ptr<Decoder> makeDecoder(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kGzip:
      return begun<GzipDecoder>();
    case ContentCoding::kBr:
      return begun<BrDecoder>();
    case ContentCoding::kZstd:
      return begun<ZstdDecoder>();
    case ContentCoding::kIdentity:
      break;
  }
  return nullptr;
}

}  // namespace weir::gateway
