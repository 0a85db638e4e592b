#pragma once

#include <string_view>

#include "observability/admin/page_reply.h"

namespace weir::dashboard {

// A file of the dashboard's page, from the folder page/. The build embeds them.
struct PageFile {
  std::string_view name;  // "app.js"
  std::string_view text;
};

// The reply to GET /dashboard or /dashboard/<name>.
admin::PageReply pageFile(std::string_view path);

}  // namespace weir::dashboard
