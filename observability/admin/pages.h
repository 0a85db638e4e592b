#pragma once

#include "observability/admin/admin_backend.h"
#include "observability/admin/page_reply.h"
#include "observability/admin/page_request.h"

namespace weir::admin {

// Finds the page and lets it answer; 404 and 405 when there is none for the question.
void servePage(const PageRequest& question, AdminBackend& subject, const Answer& answer);

}  // namespace weir::admin
