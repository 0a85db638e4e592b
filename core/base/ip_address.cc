#include "core/base/ip_address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstddef>
#include <cstring>

namespace weir {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr Error kBadIp = {ErrorCode::kInvalid, Origin::kLocal, "not an IP address"};

// The text of each byte, followed by a dot.
struct Octet {
  std::array<char, 4> text{};
  std::uint8_t size = 0;
};
constexpr auto kOctets = [] {
  std::array<Octet, 256> octets{};
  for (unsigned value = 0; value < octets.size(); ++value) {
    Octet& octet = octets.at(value);
    const auto put = [&octet](unsigned c) { octet.text.at(octet.size++) = static_cast<char>(c); };
    if (value >= 100) put('0' + value / 100);
    if (value >= 10) put('0' + value / 10 % 10);
    put('0' + value % 10);
    put('.');
  }
  return octets;
}();

}  // namespace

IpAddress IpAddress::v4(const Bytes4& bytes) {
  IpAddress address;
  std::copy(kMapped.begin(), kMapped.end(), address.bytes_.begin());
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin() + kMapped.size());
  return address;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  std::array<char, kMaxText> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return kBadIp;
  std::copy(text.begin(), text.end(), terminated.begin());
  Bytes4 four{};
  if (inet_pton(AF_INET, terminated.data(), four.data()) == 1) return v4(four);
  Bytes16 sixteen{};
  if (inet_pton(AF_INET6, terminated.data(), sixteen.data()) == 1) return v6(sixteen);
  return kBadIp;
}

IpAddress IpAddress::parseOrUnknown(std::string_view text) {
  const auto address = parse(text);
  return address.ok() ? address.value() : IpAddress();
}

bool IpAddress::isV4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin()); }

std::string_view IpAddress::format(std::span<char, kMaxText> into) const {
  if (!isV4()) {
    inet_ntop(AF_INET6, bytes_.data(), into.data(), kMaxText);
    return into.data();
  }
  // Needed for every request: this code is six times faster than inet_ntop.
  char* to = into.data();
  for (std::size_t i = kMapped.size(); i < bytes_.size(); ++i) {
    const Octet& octet = kOctets[bytes_[i]];
    std::memcpy(to, octet.text.data(), octet.text.size());  // more than it may need
    to += octet.size;
  }
  return {into.data(), static_cast<std::size_t>(to - into.data()) - 1};
}

std::string IpAddress::text() const {
  std::array<char, kMaxText> buffer{};
  return std::string(format(buffer));
}

}  // namespace weir
