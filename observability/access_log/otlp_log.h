#pragma once

#include "core/base/arena.h"
#include "core/http/record.h"
#include "observability/access_log/selection.h"
#include "observability/otlp/record_queue.h"

namespace weir::access_log {

// An access log of one worker whose records an exporter sends to a collector of OpenTelemetry, with
// the attributes of spans. If that does not keep up, records are dropped and counted in
// weir_otlp_dropped_total.
class OtlpLog final : public http::AccessLog {
 public:
  OtlpLog(const Settings& settings, otlp::RecordQueue queue, Random random)
      : selection_(settings, random), queue_(std::move(queue)) {}

  void log(const http::ExchangeRecord& record) override;
  void flush() override { queue_.flush(); }

 private:
  Selection selection_;
  otlp::RecordQueue queue_;
  BlockPool pool_{4096};
  Arena arena_{pool_};
};

}  // namespace weir::access_log
