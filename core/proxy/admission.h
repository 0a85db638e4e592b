#pragma once

#include <optional>
#include <string_view>

#include "core/base/reason.h"
#include "core/http/field_set.h"
#include "core/http/message.h"
#include "core/net/security.h"
#include "core/proxy/plan.h"

namespace weir::proxy {

// A local reply to a request that is refused.
struct Refusal {
  int status = 0;
  Reason reason = Reason::kNone;
  std::string_view detail;  // static
};

// Checks a request's head before routing, beyond the checks of the codecs, drops fields that
// clients may not set, and normalizes the path. `security` is that of the connection, null for
// plaintext; `trusted` is true if the peer's X-Forwarded-* fields are trusted; `filter_fields` are
// those of the plan.
std::optional<Refusal> admit(http::Request& request, const ListenerPlan& listener,
                             const net::Security* security, bool trusted,
                             const http::FieldSet& filter_fields);

// Applies the path rules of the matched route and the listener. `received` is the path as the
// client sent it.
std::optional<Refusal> admitUnusualPath(http::Request& request, const ListenerPlan& listener,
                                        const route::Route& route, std::string_view received);
inline std::optional<Refusal> admitPath(http::Request& request, const ListenerPlan& listener,
                                        const route::Route& route, std::string_view received) {
  if (route.path.normalize && !request.path_has_reserved_escapes) return std::nullopt;
  return admitUnusualPath(request, listener, route, received);
}

// Checks the complete trailers and drops every reserved field.
std::optional<Refusal> admitTrailers(http::Headers& trailers, const ListenerPlan& listener,
                                     const http::FieldSet& filter_fields);

}  // namespace weir::proxy
