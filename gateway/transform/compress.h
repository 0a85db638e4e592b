#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/metric_cells.h"
#include "core/config/table.h"
#include "core/event/wheel.h"
#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "gateway/transform/coding/content_coding.h"
#include "gateway/transform/coding/encoder_pool.h"
#include "gateway/transform/media_types.h"
#include "gateway/transform/metrics.h"

namespace weir::gateway {

// Compresses responses for clients that accept it.
class Compress final : public filter::Filter {
 public:
  struct Config {
    std::vector<ContentCoding> encodings;
    std::vector<std::string> types;
    std::size_t min_size = 1024;
    int gzip_level = 5;
    int br_level = 4;
    int zstd_level = 3;
    Milliseconds flush_after{20};
    bool sse = false;
    bool breach_guard = true;
    bool restore_etag = false;
    std::uint32_t max_active = 256;

    std::vector<MediaTypePattern> patterns;  // of `types`

    Config();
    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
    static void readCosts(config::Table& table, Config& out);
  };

  // The encoders and counters of one worker.
  struct Local {
    Local(const Config& config, const filter::LocalTools& tools);
    event::Loop& loop;
    MetricCells& metrics;
    EncoderPool encoders;
  };

  Compress(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control), flush_(local.loop.wheel(), *this) {}
  ~Compress() override { endEncoding(); }

  filter::Verdict onRequest(http::Request& request) override;
  filter::Verdict onResponse(http::Response& response) override;
  filter::Flow onResponseBody(filter::BodyStep& step) override;

 private:
  bool isEligible(const http::Response& response) const;
  bool isCompressible(std::string_view content_type);
  bool begin(const http::Response& response);
  bool feed(filter::BodyStep& step);
  bool reach(filter::BodyStep& step);
  std::optional<Encoder::Step> encode(filter::BodyStep& step, Bytes in, Encoder::Goal goal);
  bool flushesNow() const;
  void planFlush();
  void onFlushDue();
  void endEncoding();
  void count(CompressResult result) const;

  const Config& config_;
  Local& local_;
  filter::Control& control_;
  event::Alarm<Compress, &Compress::onFlushDue> flush_;  // of held-back output
  EncoderPool::Lent encoder_;                            // while a body is being compressed
  Counter bytes_in_;                                     // this and the next: with an encoder
  Counter bytes_out_;
  std::string_view if_none_match_;                   // as the client sent it; in the arena
  ContentCoding coding_ = ContentCoding::kIdentity;  // that the client prefers
  Encoder::Goal goal_ = Encoder::Goal::kRead;        // not reached yet
  bool is_head_ = false;
  bool guarded_ = false;     // by breach_guard
  bool is_stream_ = false;   // of events
  bool holds_back_ = false;  // the encoder has input that was not flushed
  bool flush_due_ = false;
  bool ended_ = false;
  bool failed_ = false;
};

}  // namespace weir::gateway
