#include <cstdint>
#include <set>
#include <string_view>

#include "core/base/check.h"
#include "mesh/discovery/endpoint_file.h"

// Any contents of an endpoint file are refused with a position, or are endpoints that can be kept:
// written as lines and read again they are the same. The first byte selects the format.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::mesh;
  if (size == 0) return 0;
  constexpr EndpointFormat kFormats[] = {EndpointFormat::kJson, EndpointFormat::kToml,
                                         EndpointFormat::kLines};
  const EndpointFormat format = kFormats[data[0] % 3];
  const auto found = readEndpointFile({reinterpret_cast<const char*>(data) + 1, size - 1}, format);
  if (!found.mistake.empty()) {
    WEIR_CHECK(found.endpoints.empty() && found.mistake.find(": ") != std::string::npos);
    return 0;
  }
  std::set<weir::net::Address> addresses;
  for (const auto& each : found.endpoints) {
    WEIR_CHECK(each.weight <= weir::upstream::Endpoint::kMostWeight);
    WEIR_CHECK(addresses.insert(each.address).second);
  }
  const auto again =
      weir::upstream::readEndpointLines(weir::upstream::endpointLines(found.endpoints));
  WEIR_CHECK(again.mistake.empty() && again.endpoints == found.endpoints);
  return 0;
}
