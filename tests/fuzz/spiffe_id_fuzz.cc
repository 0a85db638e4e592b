#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "core/base/plain_text.h"
#include "core/tls/san_matcher.h"
#include "core/tls/spiffe_id.h"

namespace weir::tls {
namespace {

// Checks a valid ID against the standard, independently of the code.
void checkValid(std::string_view id) {
  WEIR_CHECK(id.size() <= kMaxSpiffeId && isVisibleAscii(id) && id.starts_with("spiffe://"));
  WEIR_CHECK(id.find_first_of("%?#*@:\\\"' ", 7) == std::string_view::npos);
  const std::string path(id.substr(kSpiffeScheme.size() + trustDomainOf(id).size()));
  const std::string slashed = path + "/";
  WEIR_CHECK(path.starts_with('/') && slashed.find("//") == std::string::npos);
  WEIR_CHECK(slashed.find("/./") == std::string::npos && slashed.find("/../") == std::string::npos);
}

void check(std::string_view text) {
  const bool valid = faultOfSpiffeId(text).empty();
  if (valid) checkValid(text);
  const Names names{.dns = {}, .addresses = {}, .uris = {std::string(text)}};
  const bool good = faultOf(names).empty();
  WEIR_CHECK(!valid || good);
  if (!good) return;
  WEIR_CHECK(isFieldText(text) && (valid || !hasSpiffeScheme(text)));
  // A pattern of a trust domain matches only its own members.
  if (SanMatcher({"spiffe://a.test/*"}).match(names)) {
    WEIR_CHECK(valid && trustDomainOf(text) == "a.test");
  }
}

}  // namespace
}  // namespace weir::tls

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::tls::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
