#include "core/proxy/admission.h"

#include <algorithm>

#include "core/base/lower_case.h"
#include "core/http/reserved_fields.h"
#include "core/http/status.h"
#include "core/route/path.h"

namespace weir::proxy {
namespace {

using http::HeaderId;
using http::Reserved;

std::optional<Refusal> refuse(Reason reason, std::string_view detail) {
  return Refusal{http::statusFor(reason), reason, detail};
}

// True if a header unknown to weir has an underscore in its name.
bool hasUnderscore(const http::Headers& headers) {
  return std::any_of(headers.begin(), headers.end(), [](const http::Header& field) {
    return field.id == HeaderId::kOther && field.name.find('_') != std::string_view::npos;
  });
}

bool mayHoldReserved(const http::Headers& headers) {
  return headers.mayHave(HeaderId::kOther) || headers.mayHave(HeaderId::kXWeirIdentity) ||
         headers.mayHave(HeaderId::kXWeirReason) || headers.mayHave(HeaderId::kXWeirOriginalPath);
}

// How far the sender of a message is trusted.
struct Sender {
  bool edge;     // the listener is an edge
  bool trusted;  // X-Forwarded-* is believed
};

void dropReserved(http::Headers& headers, Sender sender, const http::FieldSet& filter_fields) {
  const bool edge = sender.edge;
  const bool trusted = sender.trusted;
  headers.removeIf([&](const http::Header& field) {
    if (field.id == HeaderId::kOther && filter_fields.contains(field.name)) return true;
    switch (http::reservedFor(field.id, field.name)) {
      case Reserved::kNo:
        return false;
      case Reserved::kWeir:
        return !trusted || !http::asksForFault(field.name);
      case Reserved::kUnsafe:
        return edge;
      case Reserved::kClient:
        return edge && !trusted;
    }
    return false;
  });
}

// RFC 8470: a possibly replayed request is forwarded if a replay is harmless, and is marked as
// early data, so that the upstream can reject it as well.
std::optional<Refusal> admitEarly(http::Request& request) {
  if (!http::isSafe(request.method)) {
    return Refusal{425, Reason::kBadRequest,
                   "sent as early data, before the handshake was complete"};
  }
  request.headers.set(HeaderId::kEarlyData, "1");
  return std::nullopt;
}

// RFC 9110, 15.5.20: a client may use a connection for other names that the certificate contains,
// but not for a name that has, or should have, another certificate here.
bool isMisdirected(const http::Request& request, const ListenerPlan& listener,
                   const net::Security& security) {
  if (request.version != http::Version::kHttp2) return false;
  const std::string& asked = security.server_name;
  const std::string_view host = http::hostOf(request.authority);
  if (listener.tls == nullptr || asked.empty() || http::equalsIgnoringCase(asked, host)) {
    return false;
  }
  const tls::CertificateSet& certificates = listener.tls->certificates();
  const tls::CertificateSet::Choice choice = certificates.find(lowerCase(host));
  if (choice.empty()) return listener.tls->options().refusesUnknownNames();
  return !(choice == certificates.find(asked));
}

std::optional<Refusal> admitSecured(http::Request& request, const ListenerPlan& listener,
                                    const net::Security& security) {
  if (isMisdirected(request, listener, security)) {
    return Refusal{421, Reason::kBadRequest, "this connection does not serve that authority"};
  }
  return security.early_data ? admitEarly(request) : std::nullopt;
}

std::optional<Refusal> admitMethod(http::Method method, const ListenerPlan& listener) {
  if (method == http::Method::kConnect && !listener.allow_connect) {
    return refuse(Reason::kConfigDisabled, "CONNECT is not enabled");
  }
  if (method == http::Method::kTrace && !listener.allow_trace) {
    return refuse(Reason::kConfigDisabled, "TRACE is not enabled");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> admit(http::Request& request, const ListenerPlan& listener,
                             const net::Security* security, bool trusted,
                             const http::FieldSet& filter_fields) {
  http::Headers& headers = request.headers;
  if (mayHoldReserved(headers)) {
    const bool underscore =
        listener.underscores_in_headers == Underscores::kReject && hasUnderscore(headers);
    const Sender sender{listener.forwarded == ForwardedMode::kAppend, trusted};
    dropReserved(headers, sender, filter_fields);
    if (underscore) return refuse(Reason::kBadRequest, "underscore in a header name");
  }
  if (security != nullptr) {
    if (auto refusal = admitSecured(request, listener, *security)) return refusal;
  }
  if (auto refusal = admitMethod(request.method, listener)) return refusal;
  const route::PathRules rules{route::ReservedEscapes::kKeep, listener.merge_slashes};
  const auto path = route::normalizePath(request.path, rules, headers.arena());
  if (!path.ok()) return refuse(Reason::kBadRequest, path.error().detail);
  request.path = path.value().text;
  request.path_has_parameters = path.value().has_parameters;
  request.path_has_reserved_escapes = path.value().has_reserved_escapes;
  if (request.has_query) {
    request.query = route::encodeRawBytes(request.query, headers.arena());
  }
  return std::nullopt;
}

std::optional<Refusal> admitUnusualPath(http::Request& request, const ListenerPlan& listener,
                                        const route::Route& route, std::string_view received) {
  if (request.path_has_reserved_escapes) {
    const auto policy = route.path.reserved_escapes.value_or(listener.escaped_slashes.value());
    if (policy == route::ReservedEscapes::kReject) {
      return refuse(Reason::kBadRequest, "path: %2F, %5C or %00");
    }
  }
  if (!route.path.normalize) {
    request.path = route::encodeRawBytes(received, request.headers.arena());
  }
  return std::nullopt;
}

std::optional<Refusal> admitTrailers(http::Headers& trailers, const ListenerPlan& listener,
                                     const http::FieldSet& filter_fields) {
  if (listener.underscores_in_headers == Underscores::kReject && hasUnderscore(trailers)) {
    return refuse(Reason::kBadRequest, "underscore in a trailer name");
  }
  dropReserved(trailers, Sender{true, false}, filter_fields);
  return std::nullopt;
}

}  // namespace weir::proxy
