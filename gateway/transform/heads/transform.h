#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/config/table.h"
#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "gateway/transform/heads/cookie_changes.h"
#include "gateway/transform/heads/header_changes.h"
#include "gateway/transform/heads/query_changes.h"

namespace weir::gateway {

// Changes headers, cookies, query, status and trailers.
class Transform final : public filter::Filter {
 public:
  struct RequestChanges {
    HeaderChanges headers;
    HeaderChanges trailers;
    CookieChanges cookies;
    QueryChanges query;

    bool operator==(const RequestChanges&) const = default;
    static void read(config::Table& table, RequestChanges& out);
  };
  struct ResponseChanges {
    HeaderChanges headers;
    HeaderChanges trailers;
    std::vector<CookieAttributes> cookies;
    std::vector<std::pair<std::string, int>> status;

    std::vector<std::pair<int, int>> statuses;  // of `status`

    bool operator==(const ResponseChanges&) const = default;
    static void read(config::Table& table, ResponseChanges& out);
  };
  struct Config {
    RequestChanges request;
    ResponseChanges response;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
  };
  struct Local {
    Local(const Config&, const filter::LocalTools& tools) : metrics(tools.metrics) {}
    MetricCells& metrics;
  };

  Transform(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control) {}

  filter::Verdict onRequest(http::Request& request) override;
  filter::Verdict onResponse(http::Response& response) override;
  filter::Verdict onRequestTrailers(http::Headers& trailers) override;
  filter::Verdict onResponseTrailers(http::Headers& trailers) override;

 private:
  template <typename Change>
  void withFacts(Change change);

  const Config& config_;
  Local& local_;
  filter::Control& control_;
  const http::Request* request_ = nullptr;
  const http::Response* response_ = nullptr;
};

}  // namespace weir::gateway
