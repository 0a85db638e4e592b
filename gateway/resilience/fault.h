#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/utc_time.h"
#include "core/config/table.h"
#include "core/config/units.h"
#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "gateway/resilience/fault_headers.h"
#include "gateway/resilience/metrics.h"

namespace weir::gateway {

// Delays and aborts a share of the requests, to test how clients cope with that. Which ones follows
// from the request id, so that a request that is repeated with its id meets the same fault. With
// `header_control`, trusted peers may ask for a fault of their own in the request's headers.
class Fault final : public filter::Filter {
 public:
  struct Delay {
    std::optional<Milliseconds> fixed;
    std::optional<Milliseconds> exponential;
    config::Percent percent{100};

    bool operator==(const Delay&) const = default;
    static void read(config::Table& table, Delay& out);
  };
  struct Abort {
    std::optional<int> status;
    std::optional<int> grpc_status;
    config::Percent percent{100};

    bool operator==(const Abort&) const = default;
    static void read(config::Table& table, Abort& out);
  };
  struct Config {
    std::optional<Delay> delay;
    std::optional<Abort> abort;
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<std::string> until;
    std::optional<UtcTime> end;  // `until`
    std::uint32_t max_active = 100;
    bool header_control = false;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
  };
  // The delays of one worker.
  struct Local {
    Local(const Config&, const filter::LocalTools& tools) : metrics(tools.metrics) {}
    MetricCells& metrics;
    std::uint32_t active = 0;
  };
  Fault(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control) {}
  ~Fault() override { endDelay(); }

  filter::Verdict onRequest(http::Request& request) override;
  // The end of the delay.
  filter::Verdict onWaitExpired(filter::Side side, Reason then) override;

 private:
  bool applies(const http::Request& request) const;
  std::optional<Milliseconds> chooseDelay(const FaultWishes& wishes, std::string_view id) const;
  void chooseAbort(const FaultWishes& wishes, std::string_view id);
  filter::Verdict abort() const;
  void count(FaultKind kind) const;
  void endDelay();

  const Config& config_;
  Local& local_;
  filter::Control& control_;
  std::optional<int> status_;       // of the abort
  std::optional<int> grpc_status_;  // likewise
  bool aborts_ = false;
  bool delays_ = false;
};

}  // namespace weir::gateway
