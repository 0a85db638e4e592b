#include "core/net/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/base/number.h"
#include "core/base/plain_text.h"
#include "core/net/byte_at.h"
#include "core/net/crc32c.h"
#include "core/net/proxy_protocol_wire.h"

namespace weir::net {
namespace {

constexpr std::string_view kTextSignature = "PROXY ";
constexpr std::size_t kFixedBytes = 16;  // of version 2, before the addresses

enum Command : unsigned { kLocal = 0, kProxy = 1 };
enum Family : unsigned { kUnspecified = 0, kInet = 1, kInet6 = 2, kUnix = 3 };
enum Transport : unsigned { kAnyTransport = 0, kStream = 1, kDatagram = 2 };

std::uint16_t wordAt(std::string_view text, std::size_t at) {
  return static_cast<std::uint16_t>(byteAt(text, at) << 8U | byteAt(text, at + 1));
}
std::uint32_t doubleWordAt(std::string_view text, std::size_t at) {
  return std::uint32_t{wordAt(text, at)} << 16U | wordAt(text, at + 2);
}

struct Tlv {
  unsigned type = 0;
  std::string_view value;
};

// Takes the first TLV from `rest`; false if it is truncated.
bool takeTlv(std::string_view& rest, Tlv& out) {
  if (rest.size() < 3) return false;
  const std::size_t length = wordAt(rest, 1);
  if (rest.size() - 3 < length) return false;
  out = {byteAt(rest, 0), rest.substr(3, length)};
  rest.remove_prefix(3 + length);
  return true;
}

bool readTls(std::string_view value, ProxyHeader& out) {
  constexpr unsigned kWithTls = 0x01;
  constexpr unsigned kWithCertificate = 0x06;  // on this connection or in its session
  constexpr std::size_t kFixed = 5;
  if (value.size() < kFixed) return false;
  const unsigned client = byteAt(value, 0);
  ProxiedTls tls;
  tls.verified = (client & kWithCertificate) != 0 && doubleWordAt(value, 1) == 0;
  value.remove_prefix(kFixed);
  Tlv tlv;
  while (!value.empty()) {
    if (!takeTlv(value, tlv)) return false;
    if (tlv.type == ProxyWire::kTlsVersion) tls.version = tlv.value;
    if (tlv.type == ProxyWire::kTlsCommonName) tls.common_name = tlv.value;
  }
  if ((client & kWithTls) != 0) out.tls = tls;
  return true;
}

bool isChecked(std::string_view header, std::string_view checksum) {
  if (checksum.size() != 4) return false;
  const auto hole = static_cast<std::size_t>(checksum.data() - header.data());
  return doubleWordAt(checksum, 0) == crc32cWithHole(header, hole);
}

bool readTlv(std::string_view header, const Tlv& tlv, ProxyHeader& out) {
  switch (tlv.type) {
    case ProxyWire::kAlpn:
      out.alpn = tlv.value;
      return true;
    case ProxyWire::kAuthority:
      // The balancer may forward any name that its client requested.
      if (isVisibleAscii(tlv.value)) out.authority = tlv.value;
      return true;
    case ProxyWire::kUniqueId:
      out.unique_id = tlv.value;
      return tlv.value.size() <= ProxyWire::kMaxUniqueId;
    case ProxyWire::kTls:
      return readTls(tlv.value, out);
    case ProxyWire::kCrc32c:
      return isChecked(header, tlv.value);
    default:
      return true;
  }
}

bool readTlvs(std::string_view header, std::string_view rest, ProxyHeader& out) {
  Tlv tlv;
  while (!rest.empty()) {
    if (!takeTlv(rest, tlv) || !readTlv(header, tlv, out)) return false;
  }
  return true;
}

// Source address, destination address, source port, destination port.
template <std::size_t kSize>
void takeAddresses(std::string_view from, IpAddress (*make)(const std::array<std::uint8_t, kSize>&),
                   ProxyHeader& out) {
  std::array<std::uint8_t, kSize> bytes{};
  std::memcpy(bytes.data(), from.data(), kSize);
  out.client = Address(make(bytes), wordAt(from, 2 * kSize));
  std::memcpy(bytes.data(), from.data() + kSize, kSize);
  out.server = Address(make(bytes), wordAt(from, 2 * kSize + 2));
}

// Parses the part of a PROXY command after the fixed part.
bool readBlock(std::string_view header, unsigned family, unsigned transport, ProxyHeader& out) {
  constexpr std::array<std::size_t, 4> kAddressBytes = {0, 12, 36, 216};
  const std::string_view block = header.substr(kFixedBytes);
  if (block.size() < kAddressBytes[family]) return false;
  if (family == kInet && transport == kStream) takeAddresses<4>(block, IpAddress::v4, out);
  if (family == kInet6 && transport == kStream) takeAddresses<16>(block, IpAddress::v6, out);
  return readTlvs(header, block.substr(kAddressBytes[family]), out);
}

ProxyRead readBinary(std::string_view bytes, ProxyHeader& out) {
  if (bytes.size() < kFixedBytes) return ProxyRead::kMore;
  const unsigned version = byteAt(bytes, 12) >> 4U;
  const unsigned command = byteAt(bytes, 12) & 0x0FU;
  const unsigned family = byteAt(bytes, 13) >> 4U;
  const unsigned transport = byteAt(bytes, 13) & 0x0FU;
  const std::size_t size = kFixedBytes + wordAt(bytes, 14);
  if (version != 2 || command > kProxy || size > ProxyHeader::kMaxBinaryBytes) {
    return ProxyRead::kBroken;
  }
  if (bytes.size() < size) return ProxyRead::kMore;
  out.bytes = size;
  out.version = 2;
  if (command == kLocal) return ProxyRead::kComplete;  // the rest of it must be ignored
  if (family > kUnix || transport > kDatagram) return ProxyRead::kBroken;
  return readBlock(bytes.substr(0, size), family, transport, out) ? ProxyRead::kComplete
                                                                  : ProxyRead::kBroken;
}

std::string_view takeWord(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

std::optional<IpAddress> readIp(std::string_view text, bool v6) {
  if ((text.find(':') != std::string_view::npos) != v6) return std::nullopt;
  const auto ip = IpAddress::parse(text);
  if (!ip.ok()) return std::nullopt;
  return ip.value();
}

std::optional<std::uint16_t> readPort(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return parseNumber<std::uint16_t>(text);
}

// `line`: the text after the signature, without CR LF.
bool readLine(std::string_view line, ProxyHeader& out) {
  // Without this check a word before a trailing space would pass for the last word.
  if (line.ends_with(' ') && !line.starts_with("UNKNOWN")) return false;
  const std::string_view protocol = takeWord(line);
  if (protocol == "UNKNOWN") return true;
  if (protocol != "TCP4" && protocol != "TCP6") return false;
  const bool v6 = protocol == "TCP6";
  const auto client = readIp(takeWord(line), v6);
  const auto server = readIp(takeWord(line), v6);
  const auto client_port = readPort(takeWord(line));
  const auto server_port = readPort(takeWord(line));
  if (!client || !server || !client_port || !server_port || !line.empty()) return false;
  out.client = Address(*client, *client_port);
  out.server = Address(*server, *server_port);
  return true;
}

ProxyRead readText(std::string_view bytes, ProxyHeader& out) {
  const std::string_view within = bytes.substr(0, ProxyHeader::kMaxTextBytes);
  const std::size_t end = within.find("\r\n");
  if (end == std::string_view::npos) {
    return within.size() < ProxyHeader::kMaxTextBytes ? ProxyRead::kMore : ProxyRead::kBroken;
  }
  out.bytes = end + 2;
  out.version = 1;
  const std::string_view line = within.substr(0, end).substr(kTextSignature.size());
  return readLine(line, out) ? ProxyRead::kComplete : ProxyRead::kBroken;
}

bool beginAlike(std::string_view left, std::string_view right) {
  const std::size_t common = std::min(left.size(), right.size());
  return left.substr(0, common) == right.substr(0, common);
}

}  // namespace

ProxyRead readProxyHeader(Bytes bytes, ProxyHeader& out) {
  const std::string_view text = asText(bytes);
  out = {};
  if (beginAlike(text, kTextSignature)) {
    return text.size() < kTextSignature.size() ? ProxyRead::kMore : readText(text, out);
  }
  if (beginAlike(text, ProxyWire::kSignature)) return readBinary(text, out);
  return ProxyRead::kAbsent;
}

}  // namespace weir::net
