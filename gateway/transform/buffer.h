#pragma once

#include <cstddef>
#include <optional>

#include "core/config/table.h"
#include "core/filter/filter.h"

namespace weir::gateway {

// Forwards requests or responses only when their bodies are complete.
class BufferBodies final : public filter::Filter {
 public:
  struct Config {
    std::optional<std::size_t> max_request;
    std::optional<std::size_t> max_response;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
  };
  BufferBodies(const Config& config, filter::Control& control)
      : config_(config), control_(control) {}

  filter::Verdict onRequest(http::Request& request) override;
  filter::Flow onRequestBody(filter::BodyStep& step) override;
  filter::Verdict onResponse(http::Response& response) override;
  filter::Flow onResponseBody(filter::BodyStep& step) override;

 private:
  const Config& config_;
  filter::Control& control_;
  http::Request* request_ = nullptr;    // whose length is known once it is complete
  http::Response* response_ = nullptr;  // the same
};

}  // namespace weir::gateway
