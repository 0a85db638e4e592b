#include <cstdint>
#include <string_view>

#include "core/base/check.h"
#include "core/base/plain_text.h"
#include "core/http/syntax.h"
#include "gateway/auth/forward_auth/ext_authz.h"

namespace weir::gateway::forward_auth {
namespace {

void checkEdits(const std::vector<FieldEdit>& edits) {
  WEIR_CHECK(edits.size() <= Answer::kMostFields);
  for (const FieldEdit& each : edits) {
    WEIR_CHECK(http::isToken(each.name) && isFieldText(each.value));
    WEIR_CHECK(!http::isFramingField(http::headerId(each.name)));
  }
}

void checkAnswer(const Answer& answer) {
  checkEdits(answer.request_fields);
  checkEdits(answer.response_fields);
  WEIR_CHECK(answer.body.size() <= Answer::kMostBody && isFieldText(answer.content_type));
  const bool allowed = answer.kind == Answer::Kind::kAllowed;
  const bool denied = answer.kind == Answer::Kind::kDenied;
  WEIR_CHECK(allowed || answer.request_fields.empty());
  WEIR_CHECK(!denied || (answer.status >= 300 && answer.status <= 599));
  WEIR_CHECK(allowed || denied || !answer.detail.empty());
}

}  // namespace
}  // namespace weir::gateway::forward_auth

// Any message is a failure, or a decision that can be applied to a request.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::gateway::forward_auth;
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  Settings settings;
  settings.style = Style::kGrpc;
  settings.response_headers = {"*"};
  checkAnswer(readCheckResponse(message, settings));
  settings.response_headers.clear();
  checkAnswer(readCheckResponse(message, settings));
  return 0;
}
