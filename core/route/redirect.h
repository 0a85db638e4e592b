#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.h"
#include "core/http/message.h"
#include "core/route/rewrite.h"
#include "core/route/text.h"

namespace weir::route {

// The changes of a redirect to the requested address.
struct RedirectTarget {
  int status = 301;
  std::string scheme = {};  // empty, here and below: the request's
  Text host = {};
  std::uint16_t port = 0;
  PathChange path = {};
  bool keep_query = true;
};

// A redirect response. Parts that are not configured are taken from the request.
//
// The port is the configured one; else that of the configured scheme; else the request's. ":80" of
// http and ":443" of https are omitted. A configured path with a "?" has its own query, which is
// kept even if the request's is dropped.
class Redirect {
 public:
  explicit Redirect(RedirectTarget target)
      : target_(std::move(target)), port_(target_.port == 0 ? "" : std::to_string(target_.port)) {}

  int status() const { return target_.status; }
  // The value of Location, always absolute, in the arena. Fails with kInvalid if the request's host
  // or path does not yield a valid one.
  Result<std::string_view> location(const http::Request& request, const Variables& variables) const;

 private:
  std::string_view portFor(std::string_view scheme, std::string_view requested) const;

  RedirectTarget target_;
  std::string port_;
};

}  // namespace weir::route
