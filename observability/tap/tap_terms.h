#pragma once

#include <cstdint>
#include <string>

#include "core/base/clock.h"
#include "core/config/units.h"
#include "core/http/facts.h"
#include "observability/admin/page_request.h"

namespace weir::tap {

using Condition = expr::Expression<http::RecordVariables>;

// Which requests a client of /tap wants to see, and for how long.
struct TapTerms {
  static constexpr std::uint32_t kMostRate = 10'000;
  static constexpr Milliseconds kLongest{600'000};

  Condition when;               // of requests that have ended; none: all
  config::Percent sample{100};  // the share of requests that is watched
  std::uint32_t rate = 100;     // requests per second that are sent to the client
  Milliseconds duration{60'000};
  bool headers = true;  // whether the headers of requests and responses are sent

  // What is wrong with the parameters of the page, or empty.
  static std::string read(const admin::PageRequest& request, TapTerms& out);
};

}  // namespace weir::tap
