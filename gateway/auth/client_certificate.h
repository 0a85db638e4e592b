#pragma once

#include <string>

#include "core/config/table.h"
#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "gateway/auth/authn.h"

namespace weir::gateway {

// Makes the verified certificate of a TLS client the principal of its requests.
class ClientCertificate final : public filter::Filter {
 public:
  struct Config {
    authn::Mode enforcement = authn::Mode::kRequired;
    std::string realm = "weir";

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
  };
  class Local {
   public:
    Local(const Config& config, const filter::LocalTools& tools);
    authn::Judge& judge() { return judge_; }

   private:
    authn::Judge judge_;
  };

  ClientCertificate(const Config&, Local& local, filter::Control& control)
      : local_(local), control_(control) {}

  static constexpr bool kAuthenticates = true;
  static bool presents(const Config&, const http::Request&, const filter::Control& control) {
    return !control.record().client_certificate.empty();
  }

  filter::Verdict onRequest(http::Request& request) override;

 private:
  Local& local_;
  filter::Control& control_;
};

}  // namespace weir::gateway
