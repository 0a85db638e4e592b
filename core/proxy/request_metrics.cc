#include "core/proxy/request_metrics.h"

namespace weir::proxy {

RequestMetrics::Slot& RequestMetrics::slotFor(const RequestLabels& labels) {
  const CounterKey key =
      requestsKey(labels.listener, labels.route, labels.method, labels.protocol, labels.status);
  // The status, the method and the protocol begin at bit 20 of `high`.
  const std::uint64_t mixed =
      (key.low() ^ key.low() >> 32U ^ key.high() >> 20U) * 0x9E3779B97F4A7C15U;
  Slot& slot = slots_[mixed >> 58U];
  if (slot.low == key.low() && slot.high == key.high()) [[likely]]
    return slot;
  slot = {key.low(), key.high(), cells_.counter(key), {}, nullptr, {}, {}};
  const HistogramKey duration =
      requestDurationKey(labels.listener, labels.route, labels.protocol, labels.status);
  slot.duration = cells_.histogram(duration);
  if (details_ != nullptr) slot.detail = &details_->find(duration);
  return slot;
}

void RequestMetrics::note(const RequestLabels& labels, const Exemplar& exemplar) {
  slotFor(labels).detail->note(exemplar);
}

void RequestMetrics::count(const RequestLabels& labels, const http::PhaseTimes& times,
                           std::uint64_t body_bytes) {
  Slot& slot = slotFor(labels);
  slot.requests.add();
  slot.duration.observe(times.total);
  if (slot.detail != nullptr) slot.detail->observe(times.total);
  if (times.upstream_first_byte != http::PhaseTimes::kNotReached) {
    if (!slot.first_byte.found()) {
      slot.first_byte = cells_.histogram(timeToFirstByteKey(labels.listener, labels.route));
    }
    slot.first_byte.observe(times.upstream_first_byte);
  }
  if (body_bytes > 0) {
    if (!slot.body_bytes.found()) {
      slot.body_bytes = cells_.counter(responseBodyBytesKey(labels.listener, labels.route));
    }
    slot.body_bytes.add(body_bytes);
  }
  if (cells_.dropped() == dropped_) [[likely]]
    return;
  // Over the ceiling of label sets: there may be room the next time.
  dropped_ = cells_.dropped();
  slot = {};
}

}  // namespace weir::proxy
