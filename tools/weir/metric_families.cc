#include "tools/weir/metric_families.h"

#include "core/authz/metrics.h"
#include "core/base/metrics.h"
#include "core/event/metrics.h"
#include "core/proxy/metrics.h"
#include "core/server/metrics.h"
#include "core/state/metrics.h"
#include "core/tls/metrics.h"
#include "core/upstream/metrics.h"
#include "gateway/auth/authn.h"
#include "gateway/auth/csrf_metrics.h"
#include "gateway/auth/file_metrics.h"
#include "gateway/auth/forward_auth/metrics.h"
#include "gateway/auth/jwt/metrics.h"
#include "gateway/auth/upstream_auth/metrics.h"
#include "gateway/limit/metrics.h"
#include "gateway/resilience/metrics.h"
#include "gateway/transform/metrics.h"
#include "mesh/health/metrics.h"
#include "mesh/identity/metrics.h"
#include "mesh/register/metrics.h"
#include "mesh/resilience/metrics.h"
#include "observability/access_log/metrics.h"
#include "observability/metrics/page_metrics.h"
#include "observability/otlp/metrics.h"
#include "observability/tap/metrics.h"

namespace weir {

MetricFamilies metricFamilies() {
  MetricFamilies families;
  proxy::addMetrics(families);
  upstream::addMetrics(families);
  tls::addMetrics(families);
  gateway::authn::addMetrics(families);
  gateway::jwt::addMetrics(families);
  gateway::addFileMetrics(families);
  gateway::addCsrfMetrics(families);
  gateway::addLimitMetrics(families);
  gateway::addTransformMetrics(families);
  mesh::addMetrics(families);
  mesh::health::addMetrics(families);
  mesh::registering::addMetrics(families);
  mesh::addBreakerMetrics(families);
  gateway::forward_auth::addMetrics(families);
  authz::addMetrics(families);
  gateway::addFaultMetrics(families);
  gateway::upstream_auth::addMetrics(families);
  server::addMetrics(families);
  event::addMetrics(families);
  state::addMetrics(families);
  access_log::addMetrics(families);
  otlp::addMetrics(families);
  tap::addMetrics(families);
  metrics::addMetrics(families);
  addMetrics(families);
  return families;
}

}  // namespace weir
