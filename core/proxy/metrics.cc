#include "core/proxy/metrics.h"

#include "core/proxy/connection_metrics.h"
#include "core/proxy/interception.h"

namespace weir::proxy {

std::string_view methodWord(unsigned value) {
  constexpr auto kLast = static_cast<unsigned>(http::Method::kOther);
  return value <= kLast ? http::toString(static_cast<http::Method>(value)) : kOtherLabel;
}

void addMetrics(MetricFamilies& families) {
  families.add({&kRequestsFamily, &kRequestDurationFamily, &kTimeToFirstByteFamily,
                &kRequestsInFlightFamily, &kRequestBodyBytesFamily, &kResponseBodyBytesFamily,
                &kLocalRepliesFamily, &kGrpcRequestsFamily, &kTimeoutsFamily,
                &kMirrorRequestsFamily});
  families.add({&kConnectionsActiveFamily, &kConnectionsOpenedFamily, &kConnectionsClosedFamily,
                &kProtocolDetectFamily, &kProxyProtocolHeadersFamily, &kHttp2FloodsFamily,
                &kTcpReceivedBytesFamily, &kTcpSentBytesFamily, &kInterceptedFamily,
                &kRevokedFamily});
}

}  // namespace weir::proxy
