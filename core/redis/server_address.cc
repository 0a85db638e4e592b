#include "core/redis/server_address.h"

#include <cstdint>

#include "core/base/number.h"

namespace weir::redis {

std::optional<net::Address> serverAddress(std::string_view ip, std::string_view port) {
  const auto parsed = IpAddress::parse(ip);
  const auto number = parseNumber<std::uint16_t>(port);
  if (!parsed.ok() || !number || *number == 0) return std::nullopt;
  return net::Address(parsed.value(), *number);
}

std::optional<net::Address> serverAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return serverAddress(text.substr(0, colon), text.substr(colon + 1));
}

}  // namespace weir::redis
