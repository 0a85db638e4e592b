#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/base/names.h"
#include "core/config/table.h"
#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "core/filter/references.h"
#include "core/http/fetch.h"
#include "core/http/field_set.h"
#include "core/http/target.h"
#include "gateway/auth/forward_auth_metrics.h"

namespace weir::gateway {

// Asks an HTTP service about each request. A 2xx response admits the request; any other one is the
// client's response.
class ForwardAuth final : public filter::Filter {
 public:
  enum class OnError : std::uint8_t { kDeny, kAllow };
  struct Config {
    http::Target target;
    Milliseconds timeout{1'000};
    OnError on_error = OnError::kDeny;
    std::vector<std::string> request_headers{"*"};
    std::vector<std::string> response_headers;
    bool set_cookie = true;
    std::size_t body = 0;
    NameId upstream = 0;    // of the target
    std::string authority;  // of the target
    std::string path;       // of the target

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
  };
  static void addRequestFields(const Config& config, http::FieldSet& fields);
  static void check(Config& config, filter::References& references,
                    config::Diagnostics& diagnostics);

  struct Local {
    Local(const Config&, const filter::LocalTools& tools)
        : client(tools.client), metrics(tools.metrics) {}
    http::Client& client;
    MetricCells& metrics;
  };
  ForwardAuth(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control) {}

  filter::Verdict onRequest(http::Request& request) override;
  filter::Flow onRequestBody(filter::BodyStep& step) override;
  filter::Verdict onWaitExpired(filter::Side side, Reason then) override;
  filter::Verdict onResponse(http::Response& response) override;
  void onLocalReply(http::Response& response) override { addCookies(response); }

 private:
  filter::Verdict ask();
  std::vector<http::CallHeader> fieldsToSend() const;
  void addFacts(std::vector<http::CallHeader>& fields) const;
  bool isSent(const http::Header& field) const;
  filter::Verdict decide(const http::Fetched& fetched);
  filter::Verdict admit(const http::Reply& reply);
  filter::Verdict refuse(const http::Reply& reply);
  filter::Verdict fail(std::string_view detail);
  void dropClaims();
  void addCookies(http::Response& response) const;
  void count(ForwardAuthResult result);

  const Config& config_;
  Local& local_;
  filter::Control& control_;
  http::Request* request_ = nullptr;
  std::unique_ptr<http::Call> call_;      // to the service
  std::optional<http::Headers> cookies_;  // of its response, for the client
  std::string body_;                      // of the request, if the service receives it
  std::size_t passed_ = 0;                // bytes of it, to the upstream
  bool asked_ = false;
};

}  // namespace weir::gateway
