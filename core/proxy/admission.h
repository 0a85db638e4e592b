#pragma once

#include <optional>
#include <string_view>

#include "core/base/reason.h"
#include "core/http/message.h"
#include "core/net/security.h"
#include "core/proxy/plan.h"

namespace weir::proxy {

// Why a request is answered by weir itself.
struct Refusal {
  int status = 0;
  Reason reason = Reason::kNone;
  std::string_view detail;  // static
};

// What a listener asks of a request's head before its route is looked for, beyond what the codecs
// check: fields that clients may not set are dropped, and the path takes its normal form.
// `security` is that of the connection, null in the clear; `trusted` says whether X-Forwarded-*
// of the peer is believed.
std::optional<Refusal> admit(http::Request& request, const ListenerPlan& listener,
                             const net::Security* security, bool trusted);

// What the request's route and its listener ask of the path, once the route is found. `received`
// is the path as the client sent it.
std::optional<Refusal> admitUnusualPath(http::Request& request, const ListenerPlan& listener,
                                        const route::Route& route, std::string_view received);
inline std::optional<Refusal> admitPath(http::Request& request, const ListenerPlan& listener,
                                        const route::Route& route, std::string_view received) {
  if (route.path.normalize && !request.path_has_reserved_escapes) return std::nullopt;
  return admitUnusualPath(request, listener, route, received);
}

// What the listener asks of the trailers, once they have come: they may hold no reserved field at
// all.
std::optional<Refusal> admitTrailers(http::Headers& trailers, const ListenerPlan& listener);

}  // namespace weir::proxy
