#include "core/filter/filter.h"

#include "core/http/status.h"

namespace weir::filter {

Verdict Filter::onWaitExpired(Side, Reason then) {
  constexpr int kGatewayTimeout = 504;
  const int status = http::statusFor(then) == 503 ? 503 : kGatewayTimeout;
  return Verdict::reply({.status = status, .reason = then});
}

}  // namespace weir::filter
