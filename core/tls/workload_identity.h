#pragma once

#include <memory>

#include "core/tls/certificate.h"
#include "core/tls/trust_bundles.h"

namespace weir::tls {

// The SPIFFE identity of this node as its Workload API delivers it. It is kept in memory only.
struct WorkloadIdentity {
  std::shared_ptr<const Certificate> certificate;  // usable as kNodeServer and kNodeClient
  std::shared_ptr<const TrustBundles> bundles;     // of its own trust domain and of federated ones
};

}  // namespace weir::tls
