#include "observability/admin/page_request.h"

#include <algorithm>
#include <utility>

#include "core/http/query.h"

namespace weir::admin {

const std::string* PageRequest::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return &value;
  }
  return nullptr;
}

PageRequest questionOf(const http::Request& request, std::string body) {
  PageRequest question;
  question.body = std::move(body);
  question.method = request.method;
  question.path = request.path;
  const std::string_view accept = request.headers.joined("accept").value_or("");
  question.accept = accept;
  question.accept_encoding = request.headers.joined("accept-encoding").value_or("");
  question.wants_text = accept.find("text/plain") != std::string_view::npos &&
                        accept.find("application/json") == std::string_view::npos;
  question.wants_events = accept.find("text/event-stream") != std::string_view::npos;

  Arena& arena = request.headers.arena();
  std::string_view rest = request.query;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    question.parameters.emplace_back(http::decodeQueryText(pair.substr(0, equals), arena),
                                     http::decodeQueryText(value, arena));
  }
  return question;
}

}  // namespace weir::admin
