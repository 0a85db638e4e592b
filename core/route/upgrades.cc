#include "core/route/upgrades.h"

#include <algorithm>

#include "core/http/syntax.h"

namespace weir::route {
namespace {

constexpr std::string_view kWebSocket = "websocket";

}  // namespace

std::string_view Upgrades::faultOf(std::string_view protocol) {
  const std::size_t slash = protocol.find('/');
  const bool versioned = slash != std::string_view::npos;
  if (!http::isToken(protocol.substr(0, slash)) ||
      (versioned && !http::isToken(protocol.substr(slash + 1)))) {
    return "not a protocol: a name, or a name and a version such as \"SPDY/3.1\"";
  }
  if (http::isHttpUpgrade(protocol)) {
    return "requests inside such a tunnel would bypass all routes and filters";
  }
  return {};
}

bool Upgrades::allows(std::string_view protocol) const {
  if (protocols_ == nullptr) return http::equalsIgnoringCase(protocol, kWebSocket);
  return std::any_of(protocols_->begin(), protocols_->end(), [&](const std::string& each) {
    return http::equalsIgnoringCase(each, protocol);
  });
}

std::string_view Upgrades::choose(const http::Request& request) const {
  // RFC 6455, 4.1: the WebSocket handshake is a GET; a body would be read as messages.
  const bool handshake =
      request.method == http::Method::kGet && request.body == http::BodyKind::kNone;
  std::string_view chosen;
  http::forEachToken(request.upgrade, [&](std::string_view protocol) {
    if (!chosen.empty() || !allows(protocol)) return;
    if (handshake || !http::equalsIgnoringCase(protocol, kWebSocket)) chosen = protocol;
  });
  return chosen;
}

}  // namespace weir::route
