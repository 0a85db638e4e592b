#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/check.h"
#include "core/redis/cluster_map.h"

// The text of CLUSTER NODES, errors that redirect, and keys: whatever they contain, slots are in
// range.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::redis;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Primary& primary : readClusterNodes(text)) {
    WEIR_CHECK(!primary.slots.empty());
    for (const auto& [first, last] : primary.slots) WEIR_CHECK(first <= last && last < kSlots);
  }
  if (const auto redirection = readRedirection(text)) WEIR_CHECK(redirection->slot < kSlots);
  WEIR_CHECK(slotOf(text) < kSlots);
  return 0;
}
