#include "core/proxy/forwarded.h"

#include <algorithm>
#include <span>

#include "core/base/pen.h"

namespace weir::proxy {
namespace {

using http::HeaderId;

bool isTrusted(const ListenerPlan& listener, const net::Ip& ip) {
  return std::any_of(listener.trusted.begin(), listener.trusted.end(),
                     [&](const route::IpRange& range) { return range.contains({ip.bytes()}); });
}

std::string_view textOf(const net::Ip& ip, Arena& arena) {
  char* const room = arena.allocate(net::Ip::kMaxText);
  const auto text = ip.format(std::span<char, net::Ip::kMaxText>(room, net::Ip::kMaxText));
  arena.giveBack(text.data() + text.size(), room + net::Ip::kMaxText);
  return text;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// One element of X-Forwarded-For: an address, which some write with a port.
Result<net::Ip> parseHop(std::string_view hop) {
  auto ip = net::Ip::parse(hop);
  if (ip.ok()) return ip;
  WEIR_TRY(net::Address address, net::Address::parse(hop));
  return address.ip();
}

// `value` behind what stands there already, when that is to be kept. It is taken out.
std::string_view behind(http::Headers& headers, HeaderId id, std::string_view value, bool keep) {
  const auto before = keep ? headers.joined(http::headerName(id)) : std::nullopt;
  headers.remove(id);
  if (!before) return value;
  Pen pen(headers.arena(), before->size() + value.size() + 2);
  return pen.put(*before).put(", ").put(value).text();
}

void setUnlessKept(http::Headers& headers, HeaderId id, std::string_view value, bool keep) {
  if (headers.mayHave(id)) {
    if (keep && headers.find(id) != nullptr) return;
    headers.remove(id);
  }
  if (!value.empty()) headers.add(id, value);
}

// Our element of Forwarded (RFC 7239). An IPv6 address stands in brackets and quotes.
std::string_view forwardedElement(const http::Request& request, std::string_view from, bool v4) {
  constexpr std::size_t kFixed = 32;
  Pen pen(request.headers.arena(),
          kFixed + from.size() + request.scheme.size() + request.authority.size());
  if (v4) {
    pen.put("for=").put(from).put(";proto=");
  } else {
    pen.put("for=\"[").put(from).put("]\";proto=");
  }
  pen.put(request.scheme);
  if (!request.authority.empty()) pen.put(";host=\"").put(request.authority).put('"');
  return pen.text();
}

}  // namespace

void appendElement(http::Headers& headers, HeaderId id, std::string_view value, bool keep) {
  if (headers.mayHave(id)) value = behind(headers, id, value, keep);
  headers.add(id, value);
}

Client findClient(const http::Request& request, const ListenerPlan& listener, const net::Ip& peer) {
  Arena& arena = request.headers.arena();
  net::Ip client = peer;
  const bool trusted_peer = !listener.trusted.empty() && isTrusted(listener, peer);
  if (trusted_peer) {
    auto chain = request.headers.joined(http::headerName(HeaderId::kXForwardedFor));
    while (chain && !chain->empty()) {
      const std::size_t comma = chain->rfind(',');
      const std::string_view hop =
          trimmed(comma == std::string_view::npos ? *chain : chain->substr(comma + 1));
      const auto ip = parseHop(hop);
      if (!ip.ok()) break;  // whoever wrote this is the last one that we can name
      client = ip.value();
      if (!isTrusted(listener, client) || comma == std::string_view::npos) break;
      chain = chain->substr(0, comma);
    }
  }
  return {client, textOf(client, arena), trusted_peer};
}

void addForwardedHeaders(http::Request& request, const ListenerPlan& listener, const net::Ip& peer,
                         const Client& client) {
  http::Headers& headers = request.headers;
  addVia(headers, request.version);
  if (listener.forwarded == ForwardedMode::kPreserve) return;
  Arena& arena = headers.arena();
  const bool keep = client.trusted_peer;
  const std::string_view from = client.ip == peer ? client.text : textOf(peer, arena);
  appendElement(headers, HeaderId::kXForwardedFor, from, keep);
  setUnlessKept(headers, HeaderId::kXForwardedProto, request.scheme, keep);
  setUnlessKept(headers, HeaderId::kXForwardedHost, request.authority, keep);
  appendElement(headers, HeaderId::kForwarded, forwardedElement(request, from, peer.isV4()), keep);
}

void addVia(http::Headers& headers, http::Version version) {
  std::string_view ours = "1.1 weir";
  if (version == http::Version::kHttp10) ours = "1.0 weir";
  if (version == http::Version::kHttp2) ours = "2 weir";
  appendElement(headers, HeaderId::kVia, ours, true);
}

}  // namespace weir::proxy
