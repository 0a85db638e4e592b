#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "observability/admin/page_reply.h"
#include "observability/admin/page_request.h"
#include "observability/tap/failure_log.h"

namespace weir::tap {

// What a client of /errors wants to see.
struct FailureQuery {
  static constexpr std::size_t kMost = 1'000;

  std::size_t limit = 200;
  std::string reason = {};  // here and below: empty for all
  std::string route = {};
  std::string upstream = {};

  // What is wrong with the parameters, or empty.
  static std::string read(const admin::PageRequest& request, FailureQuery& out);
};

// The page /errors: the latest failures first. `parts`: those of each worker; `silent`: workers
// whose failures are missing.
admin::PageReply failurePage(const FailureQuery& query, bool as_text,
                             const std::vector<std::vector<Failure>>& parts, std::size_t silent);

}  // namespace weir::tap
