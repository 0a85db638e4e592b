#pragma once

#include <string_view>

#include "core/http/message.h"
#include "observability/admin/access.h"
#include "observability/admin/admin_backend.h"
#include "observability/admin/page_repeat.h"
#include "observability/admin/page_reply.h"
#include "observability/admin/page_request.h"

namespace weir::admin {

struct Page {
  http::Method method;  // kGet: kHead as well
  std::string_view path;
  Role needs;  // of its clients
  std::string_view meaning;
  PageRepeat::Page answer;
  bool live = false;  // its changes can be followed as events
};

// The page for the request. If there is none: null, and the reply with 404 or 405.
const Page* findPage(const PageRequest& question, PageReply& refusal);
void servePage(const Page& page, const PageRequest& question, AdminBackend& subject,
               const Answer& answer);

}  // namespace weir::admin
