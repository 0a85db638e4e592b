#include "observability/admin/page_reply.h"

#include "observability/admin/json_text.h"

namespace weir::admin {

PageReply errorReply(int status, std::string_view detail) {
  return {.status = status, .body = errorJson(status, detail)};
}

}  // namespace weir::admin
