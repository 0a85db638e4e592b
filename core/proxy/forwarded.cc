#include "core/proxy/forwarded.h"

#include <algorithm>
#include <span>

#include "core/base/arena_writer.h"
#include "core/base/number.h"
#include "core/http/syntax.h"

namespace weir::proxy {
namespace {

using http::HeaderId;

constexpr std::string_view kUnknown = "unknown";  // RFC 7239, 6.2

bool isTrusted(const ListenerPlan& listener, const IpAddress& ip) {
  return std::any_of(listener.trusted_proxies.begin(), listener.trusted_proxies.end(),
                     [&](const IpRange& range) { return range.contains(ip); });
}

// The cheaper test comes first.
bool hasAddress(const IpAddress& ip) { return ip.isV4() || ip.known(); }

std::string_view textOf(const IpAddress& ip, Arena& arena) {
  if (!hasAddress(ip)) return kUnknown;
  char* const room = arena.allocate(IpAddress::kMaxText);
  const auto text = ip.format(std::span<char, IpAddress::kMaxText>(room, IpAddress::kMaxText));
  arena.giveBack(text.data() + text.size(), room + IpAddress::kMaxText);
  return text;
}

// Parses one element of X-Forwarded-For: an address, sometimes with a port.
Result<IpAddress> parseHop(std::string_view hop) {
  auto ip = IpAddress::parse(hop);
  if (ip.ok()) return ip;
  WEIR_TRY(net::Address address, net::Address::parse(hop));
  return address.ip();
}

// Whether the field is present and stays; otherwise it is removed.
bool isKept(http::Headers& headers, HeaderId id, bool keep) {
  if (keep && headers.find(id) != nullptr) return true;
  headers.remove(id);
  return false;
}

inline void setUnlessKept(http::Headers& headers, HeaderId id, std::string_view value, bool keep) {
  if (headers.mayHave(id) && isKept(headers, id, keep)) return;
  if (!value.empty()) headers.add(id, value);
}

// weir's element of Forwarded (RFC 7239), in which a client without an address is "unknown". An
// IPv6 address is in brackets and quotes.
std::string_view forwardedElement(const http::Request& request, std::string_view from,
                                  const Peer& peer) {
  constexpr std::size_t kFixed = 32;
  ArenaWriter pen(request.headers.arena(),
                  kFixed + from.size() + peer.scheme.size() + request.authority.size());
  if (peer.ip.isV4() || !peer.ip.known()) {
    pen.put("for=").put(from).put(";proto=");
  } else {
    pen.put("for=\"[").put(from).put("]\";proto=");
  }
  pen.put(peer.scheme);
  if (!request.authority.empty()) pen.put(";host=\"").put(request.authority).put('"');
  return pen.text();
}

// The element of a list, counted from the end: 1 is the last. Beyond the beginning, the first one.
std::string_view elementFromEnd(std::string_view list, std::size_t number) {
  while (number > 1) {
    const std::size_t comma = list.rfind(',');
    if (comma == std::string_view::npos) break;
    list = list.substr(0, comma);
    --number;
  }
  const std::size_t comma = list.rfind(',');
  return http::trimmed(comma == std::string_view::npos ? list : list.substr(comma + 1));
}

// Finds the address of the client; returns its distance from the end of X-Forwarded-For.
std::size_t believeAddress(const http::Request& request, const ListenerPlan& listener,
                           IpAddress& ip) {
  std::size_t hops = 0;
  auto chain = request.headers.joined(http::headerName(HeaderId::kXForwardedFor));
  while (chain && !chain->empty()) {
    const std::size_t comma = chain->rfind(',');
    const auto hop = parseHop(elementFromEnd(*chain, 1));
    if (!hop.ok()) break;  // the author of this element is the last known hop
    ip = hop.value();
    ++hops;
    if (!isTrusted(listener, ip) || comma == std::string_view::npos) break;
    chain = chain->substr(0, comma);
  }
  return std::max<std::size_t>(hops, 1);
}

// Accepts the WebSocket schemes, too; any other word is ignored.
std::string_view schemeOf(std::string_view word, std::string_view otherwise) {
  if (http::equalsIgnoringCase(word, "https") || http::equalsIgnoringCase(word, "wss")) {
    return "https";
  }
  if (http::equalsIgnoringCase(word, "http") || http::equalsIgnoringCase(word, "ws")) {
    return "http";
  }
  return otherwise;
}

// Applies the claims of a trusted peer about the client.
void believe(const http::Request& request, const ListenerPlan& listener, Downstream& found) {
  const http::Headers& headers = request.headers;
  const std::size_t hops = believeAddress(request, listener, found.ip);
  if (const auto protos = headers.joined(http::headerName(HeaderId::kXForwardedProto))) {
    found.scheme = schemeOf(elementFromEnd(*protos, hops), found.scheme);
  }
  if (const auto hosts = headers.joined(http::headerName(HeaderId::kXForwardedHost))) {
    const std::string_view host = elementFromEnd(*hosts, hops);
    if (http::isAuthority(host)) found.host = host;
  }
}

}  // namespace

// Removes the field; returns its old value, if `keep` is set, followed by `value`.
std::string_view behindElements(http::Headers& headers, HeaderId id, std::string_view value,
                                bool keep) {
  const auto before = keep ? headers.joined(http::headerName(id)) : std::nullopt;
  headers.remove(id);
  if (!before) return value;
  ArenaWriter pen(headers.arena(), before->size() + value.size() + 2);
  return pen.put(*before).put(", ").put(value).text();
}

Downstream findDownstream(const http::Request& request, const ListenerPlan& listener,
                          const Peer& peer) {
  Downstream found{peer.ip, {}, peer.scheme, {}, false};
  found.trusted_peer = !listener.trusted_proxies.empty() && isTrusted(listener, peer.ip);
  if (found.trusted_peer) believe(request, listener, found);
  found.address = textOf(found.ip, request.headers.arena());
  return found;
}

bool countForward(http::Request& request) {
  constexpr std::string_view kName = "max-forwards";
  const auto given = request.headers.get(kName);
  const auto left = given ? parseNumber<std::uint32_t>(*given) : std::nullopt;
  if (!left) return true;
  if (*left == 0) return false;
  constexpr std::size_t kMostDigits = 10;
  ArenaWriter pen(request.headers.arena(), kMostDigits);
  request.headers.set(kName, pen.number(*left - 1).text());
  return true;
}

void addForwardedHeaders(http::Request& request, const ListenerPlan& listener, const Peer& peer,
                         const Downstream& downstream) {
  http::Headers& headers = request.headers;
  addVia(headers, request.version);
  if (listener.forwarded == ForwardedMode::kPreserve) return;
  Arena& arena = headers.arena();
  const bool keep = downstream.trusted_peer;
  const std::string_view from =
      downstream.ip == peer.ip ? downstream.address : textOf(peer.ip, arena);
  if (hasAddress(peer.ip)) {
    appendElement(headers, HeaderId::kXForwardedFor, from, keep);
  } else if (!keep) {
    headers.remove(HeaderId::kXForwardedFor);  // it contains only addresses
  }
  setUnlessKept(headers, HeaderId::kXForwardedProto, peer.scheme, keep);
  setUnlessKept(headers, HeaderId::kXForwardedHost, request.authority, keep);
  appendElement(headers, HeaderId::kForwarded, forwardedElement(request, from, peer), keep);
}

void addVia(http::Headers& headers, http::Version version) {
  std::string_view ours = "1.1 weir";
  if (version == http::Version::kHttp10) ours = "1.0 weir";
  if (version == http::Version::kHttp2) ours = "2 weir";
  appendElement(headers, HeaderId::kVia, ours, true);
}

}  // namespace weir::proxy
