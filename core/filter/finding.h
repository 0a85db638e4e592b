#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/reason.h"

namespace weir::filter {

// What a configured filter does with a request, as far as its settings and the request tell. For
// explanations: neither fast nor bounded by the limits of an exchange.
struct Finding {
  enum class Outcome : std::uint8_t {
    kProceeds,
    kReplies,  // with `status` and `reason`
    kDepends,  // on other facts: credentials, counts, the answer of a server
  };
  Outcome outcome = Outcome::kDepends;
  int status = 0;
  Reason reason = Reason::kNone;
  std::string why = {};                       // one line for the operator
  std::vector<std::string> near_misses = {};  // rules that nearly matched, and why they did not
};

}  // namespace weir::filter
