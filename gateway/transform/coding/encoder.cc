#include "gateway/transform/coding/encoder.h"

#include <algorithm>
#include <brotli/encode.h>
#include <limits>
#include <string>
#include <utility>
#include <zlib.h>
#include <zstd.h>

#include "gateway/transform/coding/kept_memory.h"
#include "gateway/transform/coding/whole_gzip.h"

namespace weir::gateway {
namespace {

// Window sizes: the memory of an encoder and of the client's decoder.
constexpr int kGzipWindow = 15 + 16;  // 32 KiB, with a header of gzip
constexpr int kGzipMemory = 8;        // of 9
constexpr int kBrWindow = 18;         // 256 KiB
constexpr int kZstdWindow = 17;       // 128 KiB

unsigned amountFor(std::size_t bytes) {
  return static_cast<unsigned>(
      std::min<std::size_t>(bytes, std::numeric_limits<unsigned>::max() / 2));
}

// A stream of zlib.
class GzipStream {
 public:
  explicit GzipStream(int level) : level_(level) {
    stream_.zalloc = &allocate;
    stream_.zfree = &release;
    stream_.opaque = &memory_;
  }
  ~GzipStream() {
    if (ready_) deflateEnd(&stream_);
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  bool begin() {
    if (ready_) return deflateReset(&stream_) == Z_OK;
    ready_ = deflateInit2(&stream_, level_, Z_DEFLATED, kGzipWindow, kGzipMemory,
                          Z_DEFAULT_STRATEGY) == Z_OK;
    return ready_;
  }
  std::size_t memory() const { return memory_.held(); }

  Encoder::Step encode(Bytes in, std::span<char> out, Encoder::Goal goal) {
    const unsigned input = amountFor(in.size());
    const unsigned room = amountFor(out.size());
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = input;
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = room;
    const int result = deflate(&stream_, flushFor(goal));
    Encoder::Step step{.read = input - stream_.avail_in, .written = room - stream_.avail_out};
    step.failed = result == Z_STREAM_ERROR;
    const bool reading = goal == Encoder::Goal::kRead;
    const bool flushed = stream_.avail_in == 0 && (reading || stream_.avail_out > 0);
    step.done = goal == Encoder::Goal::kEnd ? result == Z_STREAM_END : flushed;
    return step;
  }

 private:
  static int flushFor(Encoder::Goal goal) {
    if (goal == Encoder::Goal::kRead) return Z_NO_FLUSH;
    return goal == Encoder::Goal::kFlush ? Z_SYNC_FLUSH : Z_FINISH;
  }
  static void* allocate(void* memory, unsigned items, unsigned size) {
    return static_cast<KeptMemory*>(memory)->allocate(std::size_t{items} * size);
  }
  static void release(void* memory, void* block) {
    static_cast<KeptMemory*>(memory)->release(block);
  }

  const int level_;
  KeptMemory memory_;
  z_stream stream_{};
  bool ready_ = false;
};

// Collects a small body of known size and compresses it at its end, which takes two thirds of the
// time of a stream and less memory. A body that must be flushed before becomes a stream.
class GzipEncoder final : public Encoder {
 public:
  GzipEncoder(int level, WholeGzip* whole) : level_(level), whole_(whole) {}

  bool begin(std::optional<std::uint64_t> size) override {
    body_.clear();
    sent_ = 0;
    collects_ = whole_ != nullptr && size && *size <= WholeGzip::kMostInput;
    compressed_ = false;
    if (!collects_) return beginStream();
    body_.reserve(static_cast<std::size_t>(*size));
    return true;
  }

  Step encode(Bytes in, std::span<char> out, Goal goal) override {
    if (collects_ && goal == Goal::kRead) return collect(in);
    if (collects_ && goal == Goal::kEnd) return compress(out);
    if (collects_) {
      collects_ = false;
      if (!beginStream()) return {.failed = true};
    }
    return sent_ < body_.size() ? streamCollected(out, goal) : stream_->encode(in, out, goal);
  }

  std::size_t memory() const override {
    return body_.capacity() + (stream_ == nullptr ? 0 : stream_->memory());
  }

 private:
  bool beginStream() {
    if (stream_ == nullptr) stream_ = std::make_unique<GzipStream>(level_);
    return stream_->begin();
  }
  Step collect(Bytes in) {
    if (body_.size() + in.size() > WholeGzip::kMostInput) return {.failed = true};
    body_.append(in.data(), in.size());
    return {.read = in.size(), .done = true};
  }
  // What is left of the compressed body stays in the place of the body.
  Step compress(std::span<char> out) {
    if (!compressed_) {
      const Bytes result = whole_->compress(asBytes(body_));
      if (result.empty()) return {.failed = true};
      body_.assign(result.data(), result.size());
      compressed_ = true;
    }
    const std::size_t now = std::min(out.size(), body_.size() - sent_);
    std::copy_n(body_.data() + sent_, now, out.data());
    sent_ += now;
    return {.written = now, .done = sent_ == body_.size()};
  }
  Step streamCollected(std::span<char> out, Goal goal) {
    Step step = stream_->encode(asBytes(body_).subspan(sent_), out, goal);
    sent_ += std::exchange(step.read, 0);
    step.done = step.done && sent_ == body_.size();
    return step;
  }

  const int level_;
  WholeGzip* const whole_;
  std::unique_ptr<GzipStream> stream_;  // made for the first body that is streamed
  std::string body_;                    // collected; then compressed
  std::size_t sent_ = 0;                // of body_
  bool collects_ = false;
  bool compressed_ = false;
};

// The library makes a new encoder for each body, here in the memory of the one before.
class BrEncoder final : public Encoder {
 public:
  explicit BrEncoder(int level) : level_(level) {}
  ~BrEncoder() override { BrotliEncoderDestroyInstance(state_); }

  bool begin(std::optional<std::uint64_t> size) override {
    BrotliEncoderDestroyInstance(state_);
    state_ = BrotliEncoderCreateInstance(&allocate, &release, &memory_);
    if (state_ == nullptr) return false;
    BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(level_));
    BrotliEncoderSetParameter(state_, BROTLI_PARAM_LGWIN, kBrWindow);
    constexpr std::uint64_t kLargestHint = 1U << 30U;
    if (size) {
      BrotliEncoderSetParameter(state_, BROTLI_PARAM_SIZE_HINT,
                                static_cast<std::uint32_t>(std::min(*size, kLargestHint)));
    }
    return true;
  }

  Step encode(Bytes in, std::span<char> out, Goal goal) override {
    std::size_t input = in.size();
    std::size_t room = out.size();
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    auto* next_out = reinterpret_cast<std::uint8_t*>(out.data());
    const bool well = BrotliEncoderCompressStream(state_, operationFor(goal), &input, &next_in,
                                                  &room, &next_out, nullptr) != BROTLI_FALSE;
    Step step{.read = in.size() - input, .written = out.size() - room};
    step.failed = !well;
    const bool more = goal != Goal::kRead && BrotliEncoderHasMoreOutput(state_) != BROTLI_FALSE;
    step.done = input == 0 && !more;
    return step;
  }

  std::size_t memory() const override { return memory_.held(); }

 private:
  static BrotliEncoderOperation operationFor(Goal goal) {
    if (goal == Goal::kRead) return BROTLI_OPERATION_PROCESS;
    return goal == Goal::kFlush ? BROTLI_OPERATION_FLUSH : BROTLI_OPERATION_FINISH;
  }

  static void* allocate(void* memory, std::size_t bytes) {
    return static_cast<KeptMemory*>(memory)->allocate(bytes);
  }
  static void release(void* memory, void* block) {
    static_cast<KeptMemory*>(memory)->release(block);
  }

  const int level_;
  KeptMemory memory_;
  BrotliEncoderState* state_ = nullptr;
};

class ZstdEncoder final : public Encoder {
 public:
  explicit ZstdEncoder(int level) : level_(level) {}
  ~ZstdEncoder() override { ZSTD_freeCCtx(context_); }

  bool begin(std::optional<std::uint64_t> size) override {
    if (context_ == nullptr) {
      context_ = ZSTD_createCCtx();
      if (context_ == nullptr) return false;
      ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level_);
      ZSTD_CCtx_setParameter(context_, ZSTD_c_windowLog, kZstdWindow);
    }
    ZSTD_CCtx_reset(context_, ZSTD_reset_session_only);
    if (size) ZSTD_CCtx_setPledgedSrcSize(context_, *size);
    return true;
  }

  Step encode(Bytes in, std::span<char> out, Goal goal) override {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t left = ZSTD_compressStream2(context_, &output, &input, directiveFor(goal));
    Step step{.read = input.pos, .written = output.pos};
    step.failed = ZSTD_isError(left) != 0;
    step.done = input.pos == input.size && (goal == Goal::kRead || left == 0);
    return step;
  }

  std::size_t memory() const override { return ZSTD_sizeof_CCtx(context_); }

 private:
  static ZSTD_EndDirective directiveFor(Goal goal) {
    if (goal == Goal::kRead) return ZSTD_e_continue;
    return goal == Goal::kFlush ? ZSTD_e_flush : ZSTD_e_end;
  }

  const int level_;
  ZSTD_CCtx* context_ = nullptr;
};

}  // namespace

std::unique_ptr<Encoder> makeEncoder(ContentCoding coding, int level, WholeGzip* whole) {
  switch (coding) {
    case ContentCoding::kGzip:
      return std::make_unique<GzipEncoder>(level, whole);
    case ContentCoding::kBr:
      return std::make_unique<BrEncoder>(level);
    case ContentCoding::kZstd:
      return std::make_unique<ZstdEncoder>(level);
    case ContentCoding::kIdentity:
      break;
  }
  return nullptr;
}

}  // namespace weir::gateway
