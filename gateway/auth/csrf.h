#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/config/table.h"
#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "gateway/auth/origin_pattern.h"

namespace weir::gateway {

// Refuses requests by which pages of other origins would act as the user of a browser (cross-site
// request forgery).
class Csrf final : public filter::Filter {
 public:
  enum class Enforcement : std::uint8_t { kEnforce, kShadow };

  struct Config {
    std::vector<OriginPattern> trusted_origins;
    Enforcement enforcement = Enforcement::kEnforce;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
  };
  struct Local {
    Local(const Config& config, const filter::LocalTools& tools);
    Counter allowed;
    Counter denied;
  };

  Csrf(const Config& config, Local& local, filter::Control&) : config_(config), local_(local) {}

  filter::Verdict onRequest(http::Request& request) override;

 private:
  bool allows(const http::Request& request) const;
  bool trusts(std::string_view origin) const;

  const Config& config_;
  Local& local_;
};

}  // namespace weir::gateway
