#include "core/proxy/upgrade.h"

#include "core/http/h2/fields.h"
#include "core/proxy/web_socket.h"

// Tested in exchange_upgrade_test.cc.
namespace weir::proxy {

bool asksForTunnel(const http::Request& request) {
  return request.version == http::Version::kHttp2 &&
         (!request.upgrade.empty() || request.method == http::Method::kConnect);
}

bool chooseUpgrade(http::Request& request, const route::Upgrades& upgrades) {
  if (request.version == http::Version::kHttp2) return upgrades.allows(request.upgrade);
  request.upgrade = upgrades.choose(request);
  return true;
}

void askForUpgrade(const http::Request& request, bool http2_only, upstream::Demand& demand) {
  demand.by_http1 = !http::h2::isExtendedConnect(request);
  demand.upgrade = !demand.by_http1 || !http2_only;
}

bool confirmUpgrade(const http::Request& request, http::Response& response) {
  if (response.status >= 300 || !asksForTunnel(request)) {
    if (response.status == 101) addWebSocketAccept(request, response);
    return true;
  }
  return response.body == http::BodyKind::kTunnel && takeWebSocketAccept(request, response);
}

}  // namespace weir::proxy
