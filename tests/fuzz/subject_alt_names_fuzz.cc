#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/arena.h"
#include "core/base/check.h"
#include "core/base/plain_text.h"
#include "core/net/security.h"
#include "core/proxy/peer_headers.h"
#include "core/tls/san_matcher.h"
#include "core/tls/spiffe_id.h"

namespace weir::tls {
namespace {

// For any certificate, heads contain only valid bytes.
void checkHeads(const Names& names) {
  BlockPool pool(4096);
  Arena arena(pool);
  http::Request request(arena);
  proxy::ListenerPlan listener;
  listener.forwarded_client_cert = proxy::ClientCertMode::kSet;
  net::PeerCertificate peer;
  peer.identity = names.identity();
  peer.names = names.dns;
  peer.hash = "00";
  proxy::addPeerHeaders(request, listener, &peer);
  for (const http::Header& field : request.headers) WEIR_CHECK(isFieldText(field.value));
}

void check(const Names& names) {
  checkHeads(names);
  if (!faultOf(names).empty()) return;
  for (const std::string& name : names.dns) WEIR_CHECK(isVisibleAscii(name));
  for (const std::string& uri : names.uris) WEIR_CHECK(isVisibleAscii(uri));
  if (names.claimsSpiffeId()) WEIR_CHECK(faultOfSpiffeId(names.identity()).empty());
}

}  // namespace
}  // namespace weir::tls

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::tls::check(weir::tls::namesIn({reinterpret_cast<const char*>(data), size}));
  return 0;
}
