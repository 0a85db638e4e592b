#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/arena.h"
#include "core/base/buffer.h"
#include "core/base/metric_cells.h"
#include "core/config/table.h"
#include "core/event/loop.h"
#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "core/http/field_set.h"
#include "gateway/transform/json/body_values.h"
#include "gateway/transform/json/changes.h"
#include "gateway/transform/json/document.h"
#include "gateway/transform/metrics.h"

namespace weir::gateway {

// Changes bodies in JSON, and takes values of them into headers.
class JsonBodies final : public filter::Filter {
 public:
  struct RequestChanges {
    json::Changes changes;
    bool strict = false;

    bool operator==(const RequestChanges&) const = default;
    static void read(config::Table& table, RequestChanges& out);
  };
  struct ResponseChanges {
    json::Changes changes;
    bool strict = false;
    bool keep_etag = false;

    bool operator==(const ResponseChanges&) const = default;
    static void read(config::Table& table, ResponseChanges& out);
  };
  struct Config {
    RequestChanges request;
    ResponseChanges response;
    std::size_t max_size = 1024 * 1024;
    std::uint32_t max_depth = 64;
    std::uint32_t max_values = 100'000;
    std::uint32_t max_steps = 500'000;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
  };

  // What the bodies of one worker use, one after the other.
  struct Local {
    Local(const Config&, const filter::LocalTools& tools)
        : loop(tools.loop), metrics(tools.metrics) {}
    event::Loop& loop;
    MetricCells& metrics;
    BlockPool blocks{kBlock};
    json::Document document;
    json::BodyValues values;
    std::string text;
  };

  JsonBodies(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control), output_(local.loop.chunks()) {}

  static void addRequestFields(const Config& config, http::FieldSet& fields);

  filter::Verdict onRequest(http::Request& request) override;
  filter::Flow onRequestBody(filter::BodyStep& step) override;
  filter::Verdict onResponse(http::Response& response) override;
  filter::Flow onResponseBody(filter::BodyStep& step) override;

 private:
  static constexpr std::size_t kBlock = std::size_t{64} * 1024;

  // What to do with a body.
  struct Judgement {
    JsonResult result = JsonResult::kOk;
    int status = 0;  // of a refused request
    std::string_view detail;
    bool refused = false;  // whatever `strict` says
  };

  filter::Verdict skipRequest(JsonResult result, std::string_view detail);
  filter::Verdict skipResponse(JsonResult result, std::string_view detail);
  bool isEligible(const http::Response& response) const;
  template <typename Message>
  Judgement transform(filter::BodyStep& step, const json::Changes& changes, Message& message);
  template <typename Message>
  Judgement apply(const json::Changes& changes, Message& message);
  Judgement judge(json::Mistake mistake) const;
  filter::Flow pass(filter::BodyStep& step);
  filter::Verdict refuse(int status, std::string_view detail) const;
  void rewriteHead(http::Request& request, std::size_t size) const;
  void rewriteHead(http::Response& response, std::size_t size) const;
  void count(JsonMessage message, JsonResult result) const;

  const Config& config_;
  Local& local_;
  filter::Control& control_;
  http::Request* request_ = nullptr;    // whose body has not been seen yet
  http::Response* response_ = nullptr;  // the same
  Buffer output_;                       // of the body that is being passed on
};

}  // namespace weir::gateway
