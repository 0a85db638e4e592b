#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/tls/certificate.h"

namespace weir::tls {

// What an issuer said of a certificate's state (an OCSP response, RFC 6960), to be shown to clients
// together with the certificate. Immutable.
struct OcspStaple {
  std::string der;
  Nanoseconds this_update{0};  // of the wall clock; it holds from here
  Nanoseconds next_update{0};  // to here; 0: for as long as one likes

  bool validAt(Nanoseconds wall) const {
    return wall >= this_update && (next_update.count() == 0 || wall < next_update);
  }
};

// kInvalid says what is wrong: no such response, not one about `certificate`, or not a good one.
// Its signature is the client's to check.
Result<OcspStaple> readStaple(std::string_view der, const Certificate& certificate);

}  // namespace weir::tls
