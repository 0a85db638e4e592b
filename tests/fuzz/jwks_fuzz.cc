#include <cstdint>
#include <string_view>

#include "core/base/check.h"
#include "core/jose/key_set.h"

namespace weir::jose {
namespace {

constexpr std::string_view kTokenOfNobody = "eyJhbGciOiJFUzI1NiJ9.e30.AAAA";

}  // namespace
}  // namespace weir::jose

// Any text is refused, or is a set of keys that can be used.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::jose;
  const auto keys = KeySet::parse({reinterpret_cast<const char*>(data), size});
  if (!keys.ok()) {
    WEIR_CHECK(!keys.error().detail.empty());
    return 0;
  }
  WEIR_CHECK(keys.value().size() > 0 && keys.value().size() <= KeySet::kMostKeys);
  const auto jws = Jws::read(kTokenOfNobody);
  WEIR_CHECK(keys.value().verify(jws.value()) != KeySet::Outcome::kGood);
  return 0;
}
