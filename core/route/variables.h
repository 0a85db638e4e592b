#pragma once

#include <string_view>

#include "core/http/message.h"
#include "core/regex/captures.h"
#include "core/route/text.h"

namespace weir::route {

// The variables of one exchange, read from its messages in their current state. Null pointers and
// empty texts stand for unknown values.
class ExchangeVariables final : public Variables {
 public:
  std::string_view value(const VariableUse& use) const override;

  const http::Request* request = nullptr;
  const http::Response* response = nullptr;
  const Captures* captures = nullptr;
  std::string_view authority;  // requested by the client; empty: the request's
  std::string_view request_id;
  std::string_view client_address;
  std::string_view client_identity;
  std::string_view route_name;
  std::string_view upstream_name;

 private:
  std::string_view ofRequest(const VariableUse& use) const;
  std::string_view ofResponse(const VariableUse& use) const;
};

}  // namespace weir::route
