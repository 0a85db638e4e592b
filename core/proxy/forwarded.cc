#include "core/proxy/forwarded.h"

#include <algorithm>
#include <array>

#include "core/base/words.h"

namespace weir::proxy {
namespace {

using http::HeaderId;

bool isTrusted(const ListenerPlan& listener, const net::Ip& ip) {
  return std::any_of(listener.trusted.begin(), listener.trusted.end(),
                     [&](const route::IpRange& range) { return range.contains({ip.bytes()}); });
}

std::string_view joinTexts(Arena& arena, std::initializer_list<std::string_view> parts) {
  std::size_t bytes = 0;
  for (const std::string_view part : parts) bytes += part.size();
  char* const start = arena.allocate(bytes);
  char* to = start;
  for (const std::string_view part : parts) to = putText(to, part);
  return {start, bytes};
}

std::string_view textOf(const net::Ip& ip, Arena& arena) {
  std::array<char, net::Ip::kMaxText> buffer{};
  return arena.copy(ip.format(buffer));
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

// Adds `value` behind what trusted peers wrote, or alone.
void append(http::Headers& headers, HeaderId id, std::string_view value, bool keep) {
  if (!headers.mayHave(id)) return headers.add(id, value);
  const auto before = keep ? headers.joined(http::headerName(id)) : std::nullopt;
  headers.remove(id);
  if (before) value = joinTexts(headers.arena(), {*before, ", ", value});
  headers.add(id, value);
}

void setUnlessKept(http::Headers& headers, HeaderId id, std::string_view value, bool keep) {
  if (headers.mayHave(id)) {
    if (keep && headers.find(id) != nullptr) return;
    headers.remove(id);
  }
  if (!value.empty()) headers.add(id, value);
}

}  // namespace

Client findClient(const http::Request& request, const ListenerPlan& listener, const net::Ip& peer) {
  Arena& arena = request.headers.arena();
  net::Ip client = peer;
  if (!listener.trusted.empty() && isTrusted(listener, peer)) {
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
  return {client, textOf(client, arena)};
}

void addForwardedHeaders(http::Request& request, const ListenerPlan& listener, const net::Ip& peer,
                         const Client& client) {
  http::Headers& headers = request.headers;
  addVia(headers, request.version);
  if (listener.forwarded == ForwardedMode::kPreserve) return;
  Arena& arena = headers.arena();
  const bool keep = !listener.trusted.empty() && isTrusted(listener, peer);
  const std::string_view from = client.ip == peer ? client.text : textOf(peer, arena);
  append(headers, HeaderId::kXForwardedFor, from, keep);
  setUnlessKept(headers, HeaderId::kXForwardedProto, request.scheme, keep);
  setUnlessKept(headers, HeaderId::kXForwardedHost, request.authority, keep);
  // RFC 7239, 6: an IPv6 address stands in brackets and quotes.
  const std::string_view open = peer.isV4() ? "for=" : "for=\"[";
  const std::string_view close = peer.isV4() ? ";proto=" : "]\";proto=";
  const bool named = !request.authority.empty();
  append(headers, HeaderId::kForwarded,
         joinTexts(arena, {open, from, close, request.scheme, named ? ";host=\"" : "",
                           request.authority, named ? "\"" : ""}),
         keep);
}

void addVia(http::Headers& headers, http::Version version) {
  std::string_view ours = "1.1 weir";
  if (version == http::Version::kHttp10) ours = "1.0 weir";
  if (version == http::Version::kHttp2) ours = "2 weir";
  append(headers, HeaderId::kVia, ours, true);
}

}  // namespace weir::proxy
