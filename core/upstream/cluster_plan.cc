#include "core/upstream/cluster_plan.h"

namespace weir::upstream {
namespace {

bool sameTls(const tls::ClientConfig* left, const tls::ClientConfig* right) {
  if (left == nullptr || right == nullptr) return left == right;
  return left == right || left->sameAs(*right);
}

}  // namespace

bool ClusterPlan::hasTermsOf(const ClusterPlan& other) const {
  return options.protocol == other.options.protocol && options.http2 == other.options.http2 &&
         options.proxy_protocol == other.options.proxy_protocol &&
         sameTls(tls.get(), other.tls.get());
}

}  // namespace weir::upstream
