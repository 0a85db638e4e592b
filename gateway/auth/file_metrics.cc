#include "gateway/auth/file_metrics.h"

namespace weir::gateway {

void addFileMetrics(MetricFamilies& families) { families.add({&kFileReadsFamily}); }

}  // namespace weir::gateway
