#include <cstdint>
#include <string_view>

#include "core/base/check.h"
#include "mesh/discovery/consul_answer.h"

// Any answer of a Consul server is refused, or is a list of usable endpoints.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto answer = weir::mesh::consul::readServiceHealth(
      std::string_view(reinterpret_cast<const char*>(data), size));
  WEIR_CHECK(answer.mistake.empty() || answer.endpoints.empty());
  for (const auto& each : answer.endpoints) {
    WEIR_CHECK(each.weight <= weir::upstream::Endpoint::kMostWeight);
    WEIR_CHECK(!each.address.isUnix() && each.address.port() > 0);
  }
  return 0;
}
