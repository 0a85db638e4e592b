#pragma once

#include "observability/admin/page_reply.h"
#include "observability/admin/page_request.h"
#include "observability/tap/tap_hub.h"

namespace weir::tap {

// The page /tap: the requests that a client wants to see, as events or lines of JSON.
admin::PageReply tapPage(const admin::PageRequest& request, TapHub& hub);

}  // namespace weir::tap
