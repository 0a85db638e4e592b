#include "core/net/proxy_protocol_writer.h"

#include "core/net/crc32c.h"
#include "core/net/proxy_protocol_wire.h"

namespace weir::net {
namespace {

constexpr std::size_t kMaxText = 255;

void putByte(std::string& out, unsigned value) { out += static_cast<char>(value & 0xFFU); }

void putWord(std::string& out, std::size_t value) {
  putByte(out, static_cast<unsigned>(value >> 8U));
  putByte(out, static_cast<unsigned>(value));
}

void putTlv(std::string& out, unsigned type, std::string_view value) {
  putByte(out, type);
  putWord(out, value.size());
  out += value;
}

// Peers of a Unix socket have no address, or a path that is meaningless elsewhere.
bool haveIps(const ProxiedClient& who) {
  const auto has_ip = [](const Address& address) {
    return !address.isUnix() && address != Address();
  };
  return has_ip(who.client) && has_ip(who.server);
}

// Both addresses must be of one family: an IPv4 address beside an IPv6 one is written as mapped.
bool areV4(const ProxiedClient& who) { return who.client.ip().isV4() && who.server.ip().isV4(); }

std::string textOf(const IpAddress& ip, bool v4) {
  return (ip.isV4() && !v4 ? "::ffff:" : "") + ip.text();
}

std::string textHeader(const ProxiedClient& who) {
  if (!haveIps(who)) return "PROXY UNKNOWN\r\n";
  const bool v4 = areV4(who);
  return std::string("PROXY ") + (v4 ? "TCP4 " : "TCP6 ") + textOf(who.client.ip(), v4) + " " +
         textOf(who.server.ip(), v4) + " " + std::to_string(who.client.port()) + " " +
         std::to_string(who.server.port()) + "\r\n";
}

void putIp(std::string& out, const IpAddress& ip, bool v4) {
  const auto& bytes = ip.bytes();
  const std::size_t skipped = v4 ? 12 : 0;
  out.append(reinterpret_cast<const char*>(bytes.data()) + skipped, bytes.size() - skipped);
}

// Returns the byte with family and transport for the addresses that it appends.
unsigned putAddresses(std::string& out, const ProxiedClient& who) {
  constexpr unsigned kUnspecified = 0x00;
  constexpr unsigned kInetStream = 0x11;
  constexpr unsigned kInet6Stream = 0x21;
  if (!haveIps(who)) return kUnspecified;
  const bool v4 = areV4(who);
  putIp(out, who.client.ip(), v4);
  putIp(out, who.server.ip(), v4);
  putWord(out, who.client.port());
  putWord(out, who.server.port());
  return v4 ? kInetStream : kInet6Stream;
}

std::string binaryHeader(const ProxiedClient& who) {
  constexpr unsigned kVersion2Proxy = 0x21;
  std::string block;
  const unsigned family = putAddresses(block, who);
  if (!who.alpn.empty()) putTlv(block, ProxyWire::kAlpn, who.alpn.substr(0, kMaxText));
  if (!who.authority.empty())
    putTlv(block, ProxyWire::kAuthority, who.authority.substr(0, kMaxText));
  if (!who.unique_id.empty())
    putTlv(block, ProxyWire::kUniqueId, who.unique_id.substr(0, ProxyWire::kMaxUniqueId));
  putTlv(block, ProxyWire::kCrc32c, std::string_view("\0\0\0\0", 4));
  std::string header(ProxyWire::kSignature);
  putByte(header, kVersion2Proxy);
  putByte(header, family);
  putWord(header, block.size());
  header += block;
  const std::size_t hole = header.size() - 4;
  const std::uint32_t checksum = crc32cWithHole(header, hole);
  header.resize(hole);
  putWord(header, checksum >> 16U);
  putWord(header, checksum & 0xFFFFU);
  return header;
}

}  // namespace

std::string proxyHeader(ProxyVersion version, const ProxiedClient& client) {
  switch (version) {
    case ProxyVersion::kNone:
      return {};
    case ProxyVersion::kText:
      return textHeader(client);
    case ProxyVersion::kBinary:
      return binaryHeader(client);
  }
  return {};
}

}  // namespace weir::net
