#pragma once

#include <span>
#include <string_view>

#include "core/base/arena.h"
#include "core/http/message.h"

namespace weir::http::h2 {

struct Field {
  std::string_view name;
  std::string_view value;
  bool secret = false;  // stays out of the peer's table, where guesses could be tried against it
};

// A head as it goes out: pseudo-header fields first. Lies in an exchange's arena.
using Fields = std::span<const Field>;

// Whether a request's Upgrade can be asked for over HTTP/2. An extended CONNECT has neither method
// nor body of its own (RFC 8441, 4); a request that has goes on without its Upgrade, which whoever
// gets it may ignore anyway.
inline bool isExtendedConnect(const Request& request) {
  return !request.upgrade.empty() && request.method == Method::kGet &&
         request.body == BodyKind::kNone;
}

// `scheme` is that of the connection the request goes out on. An upgrade becomes an extended
// CONNECT (RFC 8441).
Fields fieldsOf(const Request& request, std::string_view scheme, Arena& arena);
// A 101 becomes the 200 of an extended CONNECT.
Fields fieldsOf(const Response& response, Arena& arena);

}  // namespace weir::http::h2
