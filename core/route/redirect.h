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

// What a redirect changes about the address that was asked for.
struct RedirectTarget {
  int status = 301;
  std::string scheme = {};  // empty, here and below: the request's
  Text host = {};
  std::uint16_t port = 0;
  PathChange path = {};
  bool keep_query = true;
};

// An answer that sends the client elsewhere. What is not configured stays as the request has it.
//
// The port is the configured one; else that of the configured scheme; else the request's. ":80" of
// http and ":443" of https are left out. A configured path with a "?" brings its own query, which
// is kept even when the request's is dropped.
class Redirect {
 public:
  explicit Redirect(RedirectTarget target)
      : target_(std::move(target)), port_(target_.port == 0 ? "" : std::to_string(target_.port)) {}

  int status() const { return target_.status; }
  // The value of Location, always absolute, in the arena. Fails with kInvalid when the request's
  // host or path do not make one.
  Result<std::string_view> location(const http::Request& request, const Variables& variables) const;

 private:
  std::string_view portFor(std::string_view scheme, std::string_view requested) const;

  RedirectTarget target_;
  std::string port_;
};

}  // namespace weir::route
