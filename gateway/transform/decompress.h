#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "core/base/metric_cells.h"
#include "core/config/table.h"
#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "gateway/transform/coding/content_coding.h"
#include "gateway/transform/coding/decoder.h"
#include "gateway/transform/metrics.h"

namespace weir::gateway {

// Decompresses requests and responses, for filters and upstreams that need the plain body.
class Decompress final : public filter::Filter {
 public:
  struct Config {
    bool requests = true;
    bool responses = false;
    std::uint64_t max_size = 10 * 1024 * 1024;
    std::uint32_t max_ratio = 100;
    std::size_t max_memory = 64 * 1024 * 1024;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
  };
  struct Local {
    Local(const Config&, const filter::LocalTools& tools) : metrics(tools.metrics) {}
    MetricCells& metrics;
    std::size_t memory = 0;  // of all decoders
  };

  Decompress(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control) {}

  filter::Verdict onRequest(http::Request& request) override;
  filter::Flow onRequestBody(filter::BodyStep& step) override;
  filter::Verdict onResponse(http::Response& response) override;
  filter::Flow onResponseBody(filter::BodyStep& step) override;

 private:
  // A body that is being decompressed.
  struct Body {
    explicit Body(Local& its) : local(its) {}
    ~Body() { release(); }
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;
    void release();

    Local& local;
    ContentCoding coding = ContentCoding::kIdentity;
    std::unique_ptr<Decoder> decoder;
    Counter bytes_in;
    Counter bytes_out;
    std::uint64_t read = 0;
    std::uint64_t written = 0;
    std::size_t memory = 0;  // counted in Local
    bool has_more = false;   // the decoder has output left
    bool between = true;     // complete so far
  };
  enum class Mistake : std::uint8_t { kNone, kInvalid, kIncomplete, kTooLarge, kRatio, kNoMemory };

  bool begin(Body& body, ContentCoding coding);
  filter::Flow decode(Body& body, filter::BodyStep& step, filter::Side side);
  Mistake decodeOnce(Body& body, filter::BodyStep& step) const;
  Mistake measure(Body& body) const;
  filter::Verdict refuse(const Body& body, Mistake mistake, filter::Side side);
  filter::Verdict refuseCoding(const http::Request& request);
  filter::Verdict refuseBusy(ContentCoding coding);
  void count(ContentCoding coding, DecompressResult result) const;

  const Config& config_;
  Local& local_;
  filter::Control& control_;
  Body request_{local_};
  Body response_{local_};
  std::string_view if_none_match_;  // as the client sent it; in the arena
};

}  // namespace weir::gateway
