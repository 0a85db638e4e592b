#pragma once

#include <cstdint>

#include "core/base/arena.h"
#include "core/base/random.h"
#include "core/http/record.h"
#include "observability/access_log/settings.h"

namespace weir::access_log {

// Which exchanges a log of one worker contains: those that `when` selects, and of them the share
// `sample`.
class Selection {
 public:
  Selection(const Settings& settings, Random random);
  bool wants(const http::ExchangeRecord& record);

 private:
  const Condition when_;
  const std::uint64_t sample_;  // per million
  Random random_;
  BlockPool pool_{4096};  // of what a condition computes
  Arena arena_{pool_};
};

}  // namespace weir::access_log
