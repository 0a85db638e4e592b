#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/table.h"
#include "core/filter/filter.h"
#include "gateway/auth/origin_pattern.h"

namespace weir::gateway {

// Cross-Origin Resource Sharing (the Fetch standard, 3.2): browsers learn which pages of other
// origins may read the responses of a route.
class Cors final : public filter::Filter {
 public:
  struct Config {
    std::vector<OriginPattern> origins;
    std::vector<std::string> methods = {"GET", "HEAD", "POST"};
    std::vector<std::string> headers;
    std::vector<std::string> expose_headers;
    bool credentials = false;
    std::chrono::seconds max_age{5};
    bool private_network = false;

    // The values of the response's fields; `methods` and `headers`: empty for those requested.
    std::string methods_text;
    std::string headers_text;
    std::string exposed_text;
    std::string max_age_text;
    bool any_method = false;
    bool any_header = false;
    bool any_origin = false;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
  };
  // Its preflight requests have no credentials.
  static constexpr bool kBeforeAuthentication = true;

  Cors(const Config& config, filter::Control&) : config_(config) {}

  filter::Verdict onRequest(http::Request& request) override;
  filter::Verdict onResponse(http::Response& response) override {
    addFields(response.headers);
    return filter::Verdict::proceed();
  }
  // A page can read the status of a reply only with these fields, too.
  void onLocalReply(http::Response& response) override { addFields(response.headers); }

 private:
  bool allows(std::string_view origin) const;
  void addFields(http::Headers& headers) const;
  void addPreflightFields(http::Headers& headers) const;

  const Config& config_;
  std::string_view origin_;  // allowed; empty: none. In the exchange's arena, as are the next
  std::string_view requested_method_;
  std::string_view requested_headers_;
  bool preflight_ = false;  // is answered here
  bool private_network_ = false;
};

}  // namespace weir::gateway
