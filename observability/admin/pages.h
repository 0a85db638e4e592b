#pragma once

#include "observability/admin/admin_backend.h"
#include "observability/admin/page_reply.h"
#include "observability/admin/page_request.h"

namespace weir::admin {

// Finds the page and calls it; replies with 404 or 405 if there is none for the request.
void servePage(const PageRequest& question, AdminBackend& subject, const Answer& answer);

}  // namespace weir::admin
