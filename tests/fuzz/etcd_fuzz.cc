#include <cstdint>
#include <string_view>

#include "core/base/check.h"
#include "mesh/discovery/etcd_messages.h"

// Any bytes of an etcd server are refused, or are a message that is no larger than the bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::mesh::etcd;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto range = readRangeResponse(bytes)) {
    std::size_t held = 0;
    for (const auto& each : range->values) held += each.key.size() + each.value.size();
    WEIR_CHECK(held <= size && range->values.size() <= size);
  }
  if (const auto watch = readWatchResponse(bytes)) {
    std::size_t held = watch->cancel_reason.size();
    for (const auto& each : watch->events) held += each.pair.key.size() + each.pair.value.size();
    WEIR_CHECK(held <= size && watch->events.size() <= size);
  }
  const auto token = readToken(bytes);
  WEIR_CHECK(!token || (!token->empty() && token->size() <= size));
  return 0;
}
