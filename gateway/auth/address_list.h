#pragma once

#include <vector>

#include "core/base/ip_range.h"
#include "core/config/table.h"
#include "core/filter/filter.h"

namespace weir::gateway {

// Admits or refuses a request by the address of its client after the trusted-hop rules. A client on
// both lists is refused.
class AddressList final : public filter::Filter {
 public:
  struct Config {
    std::vector<IpRange> allow;
    std::vector<IpRange> deny;

    static void read(config::Table& table, Config& out);
    bool operator==(const Config&) const = default;
  };
  AddressList(const Config& config, filter::Control& control)
      : config_(config), control_(control) {}

  filter::Verdict onRequest(http::Request& request) override;

 private:
  const Config& config_;
  filter::Control& control_;
};

}  // namespace weir::gateway
