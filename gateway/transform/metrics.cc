#include "gateway/transform/metrics.h"

namespace weir::gateway {

void addTransformMetrics(MetricFamilies& families) {
  families.add({&kCompressFamily, &kCompressBytesFamily, &kDecompressFamily,
                &kDecompressBytesFamily, &kErrorPagesFamily, &kTransformDroppedFamily, &kJsonFamily,
                &kJsonDroppedFamily});
}

}  // namespace weir::gateway
