#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/net/client_hello.h"

namespace weir::net {
namespace {

void checkComplete(const ClientHello& hello) {
  WEIR_CHECK(hello.server_name.size() <= 255);
  for (const char c : hello.server_name) WEIR_CHECK(c > ' ' && c < 0x7F && !(c >= 'A' && c <= 'Z'));
  // Each listed protocol must be one that is offered.
  for (std::size_t at = 0; at < hello.protocols.size();) {
    const std::size_t size = static_cast<unsigned char>(hello.protocols[at]);
    WEIR_CHECK(size > 0 && at + 1 + size <= hello.protocols.size());
    WEIR_CHECK(hello.offers(std::string_view(hello.protocols).substr(at + 1, size)));
    at += 1 + size;
  }
}

// The result must be the same for every division of the bytes, and never exceed the limit.
void check(Bytes bytes) {
  ClientHello whole;
  const HelloRead outcome = readClientHello(bytes, whole);
  if (outcome == HelloRead::kComplete) checkComplete(whole);
  WEIR_CHECK(outcome != HelloRead::kMore || bytes.size() < ClientHello::kMaxBytes);
  const std::size_t most = std::min(bytes.size(), ClientHello::kMaxBytes);
  for (std::size_t size = 0; size <= most; ++size) {
    ClientHello hello;
    const HelloRead sooner = readClientHello(bytes.first(size), hello);
    if (sooner == HelloRead::kMore) continue;
    WEIR_CHECK(sooner == outcome);
    if (outcome != HelloRead::kComplete) return;
    WEIR_CHECK(hello.server_name == whole.server_name && hello.protocols == whole.protocols);
    return;
  }
  WEIR_CHECK(outcome == HelloRead::kMore);
}

}  // namespace
}  // namespace weir::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::net::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
