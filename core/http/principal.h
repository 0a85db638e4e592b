#pragma once

#include <span>
#include <string_view>

#include "core/base/clock.h"

namespace weir::expr {
class Map;
}

namespace weir::http {

// Who sent a request, as proved by its credentials. Filled by authentication filters; read by
// authorization, limits, logs and expressions. Texts live at least as long as the exchange; an
// empty text means that there is none.
struct Principal {
  std::string_view method;   // how it was proved: "jwt", "api_key", "basic", "mtls"; empty: not
  std::string_view subject;  // such as the `sub` of a token
  std::string_view issuer;
  std::string_view consumer;  // its name in weir's configuration or key file
  std::span<const std::string_view> scopes;
  std::span<const std::string_view> groups;
  const expr::Map* claims = nullptr;  // of a token; null: none
  Nanoseconds expires{0};             // wall clock; 0: never

  bool authenticated() const { return !method.empty(); }
};

}  // namespace weir::http
