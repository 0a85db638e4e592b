#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/http/message.h"
#include "core/route/rewrite.h"
#include "core/route/text.h"

namespace weir::route {

struct RedirectSettings;

// An answer that sends the client elsewhere. What is not configured stays as the request has it.
//
// The port is the configured one; else that of the configured scheme; else the request's. ":80" of
// http and ":443" of https are left out. A configured path with a "?" brings its own query, which
// is kept even when the request's is dropped.
class Redirect {
 public:
  static std::optional<Redirect> compile(const RedirectSettings& settings,
                                         const RewriteScope& scope, std::string& why);

  int status() const { return status_; }
  // The value of Location, always absolute, in the arena. Fails with kInvalid when the request's
  // host or path do not make one.
  Result<std::string_view> location(const http::Request& request, const Variables& variables) const;

 private:
  std::string_view portFor(std::string_view scheme, std::string_view requested) const;

  int status_ = 301;
  std::string scheme_;
  Text host_;
  std::string port_;
  PathChange path_;
  bool keep_query_ = true;
};

}  // namespace weir::route
