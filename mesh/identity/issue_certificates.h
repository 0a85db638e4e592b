#pragma once

#include <string>

#include "core/base/clock.h"
#include "core/config/secret.h"
#include "core/config/table.h"
#include "core/filter/filter.h"

namespace weir::mesh {

// Answers requests by issuing certificates: a workload whose client certificate the listener has
// verified sends a signing request and receives a certificate with the same SPIFFE ID.
class IssueCertificates final : public filter::Filter {
 public:
  static constexpr std::size_t kMostRequest = 16 * 1024;
  // Clocks differ: a certificate that was just issued must not be rejected as not yet valid.
  static constexpr Nanoseconds kBackdate = std::chrono::minutes(5);

  struct Config {
    config::File cert;
    std::string cert_text;  // of the file
    config::Secret key;
    Milliseconds lifetime{std::chrono::hours(24)};

    static void read(config::Table& table, Config& out);
    bool operator==(const Config&) const = default;
  };
  IssueCertificates(const Config& config, filter::Control& control)
      : config_(config), control_(control) {}

  filter::Verdict onRequest(http::Request& request) override;
  filter::Flow onRequestBody(filter::BodyStep& step) override;

 private:
  filter::Verdict issueFor(std::string_view request);

  const Config& config_;
  filter::Control& control_;
};

}  // namespace weir::mesh
