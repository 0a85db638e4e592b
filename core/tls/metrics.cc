#include "core/tls/metrics.h"

namespace weir::tls {

std::string_view handshakeReasonWord(unsigned value) {
  return value < kHandshakeReasonCount ? toString(static_cast<HandshakeReason>(value))
                                       : kOtherLabel;
}

void addMetrics(MetricFamilies& families) {
  families.add({&kHandshakesFamily, &kCertificateExpiryFamily, &kMtlsConnectionsFamily});
}

}  // namespace weir::tls
