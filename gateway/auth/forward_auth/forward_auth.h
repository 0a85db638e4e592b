#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "core/http/field_set.h"
#include "gateway/auth/forward_auth/decider.h"
#include "gateway/auth/forward_auth/settings.h"

namespace weir::gateway {

// Asks a service about each request. It admits the request, or decides on the client's response.
class ForwardAuth final : public filter::Filter, private forward_auth::Asker {
 public:
  using Config = forward_auth::Settings;
  using Local = forward_auth::Decider;

  ForwardAuth(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control) {}
  ~ForwardAuth() override { local_.leave(*this); }

  static void addRequestFields(const Config& config, http::FieldSet& fields);
  static void check(Config& config, filter::References& references,
                    config::Diagnostics& diagnostics) {
    config.check(references, diagnostics);
  }

  filter::Verdict onRequest(http::Request& request) override;
  filter::Flow onRequestBody(filter::BodyStep& step) override;
  filter::Verdict onWaitExpired(filter::Side side, Reason then) override;
  filter::Verdict onResponse(http::Response& response) override;
  void onLocalReply(http::Response& response) override { addFields(response); }

 private:
  void onAnswer(forward_auth::SharedAnswer answer) override;
  void askAgain() override { local_.askAlone({*request_, control_, body_}, *this); }
  filter::Verdict ask();
  filter::Verdict decide(forward_auth::SharedAnswer answer);
  filter::Verdict admit();
  filter::Verdict refuse(Reason reason, std::string_view detail);
  filter::Verdict fail(std::string_view detail);
  filter::Verdict unavailable(std::string_view detail) const;
  void dropClaims();
  void addFields(http::Response& response) const;
  void count(forward_auth::Decision decision);

  const Config& config_;
  Local& local_;
  filter::Control& control_;
  http::Request* request_ = nullptr;
  forward_auth::SharedAnswer admitted_;  // by this one
  std::string body_;                     // of the request, if the service receives it
  std::size_t passed_ = 0;               // bytes of it, to the upstream
  bool asked_ = false;
};

}  // namespace weir::gateway
