// Messages of a SPIFFE Workload API, which an agent sends: no message may do more than be refused.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "mesh/identity/workload_messages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::mesh::workload;
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  std::string why;
  const auto response = readSvidResponse(message, why);
  if (!response) {
    WEIR_CHECK(!why.empty());
    return 0;
  }
  WEIR_CHECK(!response->svids.empty() && response->svids.size() <= kMostSvids);
  const Svid* const chosen = choose(*response, {});
  WEIR_CHECK(chosen == &response->svids.front());
  why.clear();
  const auto identity = identityOf(*response, *chosen, why);
  WEIR_CHECK((identity == nullptr) == !why.empty());
  return 0;
}
