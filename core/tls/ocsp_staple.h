#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/tls/certificate.h"

namespace weir::tls {

// An OCSP response (RFC 6960), by which an issuer confirms the state of a certificate, to be sent
// to clients together with the certificate. Immutable.
struct OcspStaple {
  std::string der;
  Nanoseconds this_update{0};  // start of validity, wall-clock time
  Nanoseconds next_update{0};  // end of validity; 0: unlimited

  bool validAt(Nanoseconds wall) const {
    return wall >= this_update && (next_update.count() == 0 || wall < next_update);
  }
};

// kInvalid describes the error: malformed, not about `certificate`, or a state other than good. The
// client verifies the signature.
Result<OcspStaple> readStaple(std::string_view der, const Certificate& certificate);

}  // namespace weir::tls
