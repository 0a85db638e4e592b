#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/check.h"
#include "core/net/proxy_protocol.h"

namespace weir::net {
namespace {

bool isInside(std::string_view part, Bytes whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void checkComplete(const ProxyHeader& header, Bytes bytes) {
  WEIR_CHECK(header.bytes > 0 && header.bytes <= bytes.size());
  WEIR_CHECK(header.bytes <=
             (header.version == 1 ? ProxyHeader::kMaxTextBytes : ProxyHeader::kMaxBinaryBytes));
  WEIR_CHECK(header.client.has_value() == header.server.has_value());
  const Bytes own = bytes.subspan(0, header.bytes);
  for (const std::string_view part : {header.authority, header.alpn, header.unique_id}) {
    WEIR_CHECK(isInside(part, own));
  }
  if (!header.tls) return;
  WEIR_CHECK(isInside(header.tls->version, own) && isInside(header.tls->common_name, own));
}

// The result must be the same for every division of the bytes, and never exceed the limit.
void check(Bytes bytes) {
  ProxyHeader whole;
  const ProxyRead outcome = readProxyHeader(bytes, whole);
  if (outcome == ProxyRead::kComplete) checkComplete(whole, bytes);
  WEIR_CHECK(outcome != ProxyRead::kMore || bytes.size() < ProxyHeader::kMaxBinaryBytes);
  const std::size_t most = std::min(bytes.size(), ProxyHeader::kMaxBinaryBytes);
  for (std::size_t size = 0; size <= most; ++size) {
    ProxyHeader header;
    const ProxyRead sooner = readProxyHeader(bytes.subspan(0, size), header);
    if (sooner == ProxyRead::kMore) continue;
    WEIR_CHECK(sooner == outcome && header.bytes == whole.bytes);
    WEIR_CHECK(header.client == whole.client && header.authority == whole.authority);
    return;
  }
  WEIR_CHECK(outcome == ProxyRead::kMore);
}

}  // namespace
}  // namespace weir::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::net::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
