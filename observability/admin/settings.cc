#include "observability/admin/settings.h"

#include <algorithm>

#include "core/config/table.h"
#include "core/net/address.h"

namespace weir::admin {
namespace {

bool isHostName(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

void checkAddress(config::Table& table, const config::Address& address) {
  if (address.isUnix() || address.host.empty() || net::Ip::parse(address.host).ok()) return;
  const bool local = address.host == "localhost";
  table.fail("address", "needs an IP address to listen on, not a name",
             local ? "127.0.0.1:" + std::to_string(address.port) : std::string());
}

}  // namespace

void Settings::read(config::Table& table, Settings& out) {
  table.read("address", out.address,
             "Address of the admin interface. Port 0 picks a free port. Any client that reaches it "
             "can inspect and drain the process.",
             {.none = "off"});
  table.read(
      "socket_mode", out.socket_mode,
      "File mode of a Unix socket, in octal. Default: determined by the umask of the process. The "
      "file belongs to the user and group of the process, those of `user` if it is set.");
  if (out.socket_mode && !(out.address && out.address->isUnix())) {
    table.fail("socket_mode", "needs an address that is a Unix socket");
  }
  table.read("hosts", out.hosts,
             "Host names accepted in addition to \"localhost\" and IP addresses. Requests with "
             "other names are rejected, as protection against DNS rebinding.");
  table.read("max_connections", out.max_connections,
             "Maximum number of open connections. Further connections are refused with 503.",
             {.min = 1, .max = 10'000});
  table.read("header_timeout", out.header_timeout,
             "Time limit for receiving a request, from its first byte to its last.",
             {.min = Milliseconds(1), .max = std::chrono::hours(1)});
  table.read("idle_timeout", out.idle_timeout,
             "Maximum idle time of a connection: between two requests, or without reading a "
             "pending response.",
             {.min = Milliseconds(1), .max = std::chrono::hours(24)});
  if (out.address) checkAddress(table, *out.address);
  for (std::size_t i = 0; i < out.hosts.size(); ++i) {
    if (isHostName(out.hosts[i])) continue;
    table.failElement("hosts", i, "needs a name without scheme and port");
  }
}

}  // namespace weir::admin
