#pragma once

#include <span>
#include <string_view>

#include "core/base/arena.h"
#include "core/http/message.h"

namespace weir::http::h2 {

struct Field {
  std::string_view name;
  std::string_view value;
  // Not for the peer's HPACK table: a secret, against which guesses could be tried there, or a
  // value that is not expected a second time.
  bool never_indexed = false;
  bool static_name = false;  // static text in lower case
};

// A head to be sent, pseudo-header fields first. Lies in an exchange's arena.
using Fields = std::span<const Field>;

// Whether a request's Upgrade can be expressed in HTTP/2. An extended CONNECT has neither a method
// nor a body of its own (RFC 8441, 4); a request with either is sent without its Upgrade, which the
// recipient may ignore anyway.
inline bool isExtendedConnect(const Request& request) {
  return !request.upgrade.empty() && request.method == Method::kGet &&
         request.body == BodyKind::kNone;
}

// `scheme` is that of the connection that carries the request. An upgrade becomes an extended
// CONNECT (RFC 8441).
Fields fieldsOf(const Request& request, std::string_view scheme, Arena& arena);
// A 101 becomes the 200 of an extended CONNECT.
Fields fieldsOf(const Response& response, Arena& arena);

}  // namespace weir::http::h2
