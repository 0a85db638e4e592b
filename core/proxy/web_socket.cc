#include "core/proxy/web_socket.h"

#include <array>
#include <cstring>

#include "core/tls/digest.h"

namespace weir::proxy {
namespace {

constexpr std::string_view kKey = "sec-websocket-key";
constexpr std::string_view kAccept = "sec-websocket-accept";
constexpr std::string_view kSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, 1.3

bool isWebSocket(const http::Request& request) {
  return http::equalsIgnoringCase(request.upgrade, "websocket");
}

}  // namespace

void addWebSocketKey(http::Request& request, Random& random) {
  if (!isWebSocket(request) || request.version != http::Version::kHttp2) return;
  std::array<char, 16> nonce{};
  const std::array<std::uint64_t, 2> bits = {random.next(), random.next()};
  std::memcpy(nonce.data(), bits.data(), nonce.size());
  request.headers.set(kKey, tls::base64(nonce, request.headers.arena()));
}

bool takeWebSocketAccept(const http::Request& request, http::Response& response) {
  if (!isWebSocket(request) || response.version == http::Version::kHttp2) return true;
  const auto key = request.headers.get(kKey);
  const auto accept = response.headers.joined(kAccept);
  const bool good =
      key && accept && *accept == tls::sha1Base64(*key, kSuffix, response.headers.arena());
  response.headers.remove(kAccept);
  return good;
}

void addWebSocketAccept(const http::Request& request, http::Response& response) {
  if (!isWebSocket(request) || response.headers.find(kAccept) != nullptr) return;
  const auto key = request.headers.get(kKey);
  if (!key) return;
  response.headers.add(kAccept, tls::sha1Base64(*key, kSuffix, response.headers.arena()));
}

}  // namespace weir::proxy
