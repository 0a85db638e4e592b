#include "core/route/redirect.h"

#include <cstddef>

#include "core/base/arena_string.h"
#include "core/base/number.h"
#include "core/http/escapes.h"
#include "core/http/syntax.h"

namespace weir::route {
namespace {

struct HostAndPort {
  std::string_view host;  // brackets of IPv6 included
  std::string_view port;  // empty if there is none
};

HostAndPort splitAuthority(std::string_view authority) {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
    return {authority, ""};
  }
  return {authority.substr(0, colon), authority.substr(colon + 1)};
}

// The query is used as sent, except for bytes that are not valid in a header or would end the
// reference.
void appendQuery(std::string_view query, ArenaString& text) {
  constexpr std::string_view kUnfit = "\"<>\\^`{|}#";
  text.append('?');
  for (const char c : query) {
    if (c > ' ' && c <= '~' && kUnfit.find(c) == std::string_view::npos) {
      text.append(c);
    } else {
      char* const to = text.extend(3);
      http::writeEscape(c, to);
    }
  }
}

Error unfitHost() {
  return {ErrorCode::kInvalid, Origin::kDownstream, "redirect: no host to send the client to"};
}

}  // namespace

std::string_view Redirect::portFor(std::string_view scheme, std::string_view requested) const {
  std::string_view port = requested;
  if (!port_.empty()) {
    port = port_;
  } else if (!target_.scheme.empty()) {
    port = http::defaultPort(scheme);
  }
  return port == http::defaultPort(scheme) ? "" : port;
}

Result<std::string_view> Redirect::location(const http::Request& request,
                                            const Variables& variables) const {
  Arena& arena = request.headers.arena();
  const HostAndPort asked = splitAuthority(request.authority);
  const std::string_view scheme =
      target_.scheme.empty() ? request.scheme : std::string_view{target_.scheme};
  const std::string_view host =
      target_.host.empty() ? asked.host : target_.host.expand(variables, arena);
  const std::string_view port = portFor(scheme, asked.port);
  if (!http::isAuthority(host)) return unfitHost();
  if (!port.empty() && !parseNumber<std::uint16_t>(port)) return unfitHost();
  WEIR_TRY(const PathChange::Changed changed, target_.path.apply(request.path, variables, arena));

  ArenaString text(arena, host.size() + changed.path.size() + request.query.size() + 32);
  text.append(scheme);
  text.append("://");
  text.append(host);
  if (!port.empty()) {
    text.append(':');
    text.append(port);
  }
  text.append(changed.path == "*" ? "/" : changed.path);
  if (changed.query) {
    appendQuery(*changed.query, text);
  } else if (target_.keep_query && request.has_query) {
    appendQuery(request.query, text);
  }
  return text.finish();
}

}  // namespace weir::route
