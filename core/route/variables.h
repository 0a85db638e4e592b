#pragma once

#include <optional>
#include <string_view>

#include "core/http/message.h"
#include "core/route/captures.h"
#include "core/route/text.h"

namespace weir::route {

// The variables of one exchange, read from its messages as they are at that moment. Null pointers
// and empty texts stand for what is not known yet.
class ExchangeVariables final : public Variables {
 public:
  std::string_view value(const VariableUse& use) const override;

  const http::Request* request = nullptr;
  const http::Response* response = nullptr;
  const Captures* captures = nullptr;
  std::string_view request_id;
  std::string_view client_address;
  std::string_view route_name;
  std::string_view upstream_name;
};

// The value of the first parameter of that name, as sent; names are compared after decoding.
// Nothing when it is absent, empty when it has no value.
std::optional<std::string_view> findQueryParameter(std::string_view query, std::string_view name);

}  // namespace weir::route
