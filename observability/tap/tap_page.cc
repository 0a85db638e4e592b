#include "observability/tap/tap_page.h"

#include <string>
#include <utility>

namespace weir::tap {

admin::PageReply tapPage(const admin::PageRequest& request, TapHub& hub) {
  TapTerms terms;
  if (const std::string wrong = TapTerms::read(request, terms); !wrong.empty()) {
    return admin::errorReply(400, wrong);
  }
  if (hub.full()) {
    return admin::errorReply(503, "too many taps: " + std::to_string(WorkerTap::kMostTaps) +
                                      " clients are watching requests");
  }
  return {.content_type = request.wants_events ? admin::kEventStream : admin::kJsonLines,
          .body = {},
          .feed = hub.makeFeed(std::move(terms))};
}

}  // namespace weir::tap
