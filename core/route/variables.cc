#include "core/route/variables.h"

#include <array>
#include <cstddef>

#include "core/http/cookies.h"
#include "core/http/query.h"

namespace weir::route {
namespace {

// "000" to "999", so that the text of a status needs no allocation.
constexpr std::array<char, 3000> kStatusTexts = [] {
  std::array<char, 3000> texts{};
  for (std::size_t status = 0; status < 1000; ++status) {
    texts[status * 3] = static_cast<char>('0' + status / 100);
    texts[status * 3 + 1] = static_cast<char>('0' + status / 10 % 10);
    texts[status * 3 + 2] = static_cast<char>('0' + status % 10);
  }
  return texts;
}();

std::string_view statusText(int status) {
  if (status < 100 || status > 999) return "";
  return {&kStatusTexts[static_cast<std::size_t>(status) * 3], 3};
}

}  // namespace

std::string_view ExchangeVariables::value(const VariableUse& use) const {
  switch (use.variable) {
    case Variable::kRequestId:
      return request_id;
    case Variable::kClientAddress:
      return client_address;
    case Variable::kClientIdentity:
      return client_identity;
    case Variable::kRouteName:
      return route_name;
    case Variable::kUpstreamName:
      return upstream_name;
    case Variable::kCapture:
      return captures == nullptr ? std::string_view() : (*captures)[use.capture];
    case Variable::kResponseStatus:
    case Variable::kResponseHeader:
      return response == nullptr ? std::string_view() : ofResponse(use);
    default:
      return request == nullptr ? std::string_view() : ofRequest(use);
  }
}

std::string_view ExchangeVariables::ofRequest(const VariableUse& use) const {
  switch (use.variable) {
    case Variable::kRequestMethod:
      return request->method_text;
    case Variable::kRequestPath:
      return request->path;
    case Variable::kRequestQuery:
      return request->query;
    case Variable::kRequestHost:
      return http::hostOf(authority.empty() ? request->authority : authority);
    case Variable::kRequestScheme:
      return request->scheme;
    case Variable::kRequestHeader:
      return request->headers.joined(use.name).value_or(std::string_view());
    case Variable::kRequestCookie:
      return http::findCookie(request->headers, use.name).value_or(std::string_view());
    case Variable::kQueryParameter:
      return http::findQueryParameter(request->query, use.name).value_or(std::string_view());
    default:
      return "";
  }
}

std::string_view ExchangeVariables::ofResponse(const VariableUse& use) const {
  if (use.variable == Variable::kResponseStatus) return statusText(response->status);
  return response->headers.joined(use.name).value_or(std::string_view());
}

}  // namespace weir::route
