#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/base/reason.h"
#include "core/config/secret.h"
#include "core/config/table.h"
#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "core/filter/references.h"
#include "core/http/target.h"
#include "gateway/transform/error_pages/fetched_pages.h"
#include "gateway/transform/error_pages/template.h"

namespace weir::gateway {

// Replaces the bodies of error responses by pages in the format that the client prefers.
class ErrorPages final : public filter::Filter {
 public:
  enum class Source : std::uint8_t { kWeir, kUpstream, kAny };
  using Templates = std::array<std::optional<PageTemplate>, kPageFormats>;

  // Statuses, such as "404" or "500-599".
  struct StatusRange {
    int first = 0;
    int last = 0;
    bool operator==(const StatusRange&) const = default;
    static std::optional<StatusRange> parse(std::string_view text);
  };
  struct Page {
    std::vector<std::string> statuses = {"400-599"};
    std::vector<std::string> reasons;
    std::optional<config::File> html;
    std::optional<config::File> json;
    std::optional<config::File> text;
    std::optional<http::Target> from;
    std::optional<int> replace_status;

    std::vector<StatusRange> ranges;  // this and the next follow from the settings
    std::vector<Reason> causes;
    Templates templates;
    FetchedPages::Source service;  // of `from`

    bool operator==(const Page&) const = default;
    static void read(config::Table& table, Page& out);
    void complete(config::Table& table);
    bool matches(int status, Reason reason) const;
  };
  struct Config {
    Source source = Source::kWeir;
    std::vector<Page> pages;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
  };
  struct Local {
    Local(const Config&, const filter::LocalTools& tools)
        : metrics(tools.metrics), fetched(tools.loop, tools.client) {}
    MetricCells& metrics;
    FetchedPages fetched;
  };

  ErrorPages(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control) {}

  static void check(Config& config, filter::References& references,
                    config::Diagnostics& diagnostics);

  filter::Verdict onRequest(http::Request& request) override;
  filter::Verdict onResponse(http::Response& response) override;
  filter::Flow onResponseBody(filter::BodyStep& step) override;
  void onLocalBody(filter::LocalBody& body) override;

 private:
  const Page* pageFor(int status, Reason reason) const;
  // Writes the page and its part of the head. Nothing if the page is not there.
  std::optional<std::string_view> write(const Page& page, http::Response& head, Reason reason);
  std::string_view writeTemplate(const Page& page, http::Response& head, Reason reason) const;

  const Config& config_;
  Local& local_;
  filter::Control& control_;
  std::string_view accept_;  // of the request; in the arena
  std::string_view page_;    // not sent yet; in the arena
  bool is_head_ = false;
};

}  // namespace weir::gateway
