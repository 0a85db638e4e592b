#include "observability/admin/settings.h"

#include <algorithm>

#include "core/base/account.h"
#include "core/base/plain_text.h"
#include "core/config/table.h"
#include "core/net/address.h"
#include "core/tls/san_matcher.h"

namespace weir::admin {
namespace {

bool isHostName(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

void checkAddress(config::Table& table, const config::Address& address) {
  if (address.isUnix() || address.host.empty() || IpAddress::parse(address.host).ok()) return;
  const bool local = address.host == "localhost";
  table.fail("address", "needs an IP address to listen on, not a name",
             local ? "127.0.0.1:" + std::to_string(address.port) : std::string());
}

bool isToken(const std::string& text) {
  return text.size() >= AccessRule::kLeastToken && isVisibleAscii(text);
}

void checkTls(config::Table& table, const Settings& settings) {
  if (settings.tls && settings.address && settings.address->isUnix()) {
    table.fail("tls", "does not apply to a Unix socket");
  }
  if (settings.tls && settings.tls->plaintext != tls::Plaintext::kRefuse) {
    table.fail("tls", "serves no plaintext beside TLS");
  }
  if (settings.tls && settings.tls->early_data) {
    table.fail("tls", "does not accept early data, which may be a replay");
  }
  const bool asks =
      settings.tls && settings.tls->client_certificate != tls::ClientCertificate::kNone;
  const std::pair<std::string_view, const std::optional<AccessRule>&> rules[] = {
      {"view", settings.view}, {"operate", settings.operate}};
  for (const auto& [key, rule] : rules) {
    if (!rule || rule->identities.empty() || asks) continue;
    table.fail(key,
               "identities need client certificates: tls with client_certificate = "
               "\"optional\" or \"required\"");
  }
}

}  // namespace

void AccessRule::read(config::Table& table, AccessRule& out) {
  table.read("users", out.users,
             "Users, by name or number, whose processes on this machine have the role, over a Unix "
             "socket or TCP. It does not apply to requests that a proxy forwards.");
  table.read("tokens", out.tokens,
             "Tokens of at least 16 characters, sent as `Authorization: Bearer TOKEN`. Several "
             "allow a change without interruption.",
             {.max_size = 100});
  table.read("identities", out.identities,
             "Identities of client certificates: `spiffe://example.org/ns/ops/*`, or DNS names.");
  for (std::size_t i = 0; i < out.users.size(); ++i) {
    if (findAccount(out.users[i])) continue;
    table.failElement("users", i, "no user \"" + out.users[i] + "\" on this machine");
  }
  for (std::size_t i = 0; i < out.tokens.size(); ++i) {
    if (isToken(out.tokens[i].reveal())) continue;
    table.failElement("tokens", i, "needs at least 16 visible ASCII characters without spaces");
  }
  for (std::size_t i = 0; i < out.identities.size(); ++i) {
    const std::string_view wrong = tls::faultOfPattern(out.identities[i]);
    if (!wrong.empty()) table.failElement("identities", i, wrong);
  }
}

void Settings::read(config::Table& table, Settings& out) {
  table.read("address", out.address,
             "Address of the admin interface. Port 0 picks a free port. Any client that reaches it "
             "can inspect the process, unless `view` is set.",
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
  table.read("view", out.view,
             "Clients that may read the pages. Without it, every client may. Probes of health need "
             "no role.");
  table.read("operate", out.operate,
             "Clients that may change the state of the process (reload, drain, log level) and see "
             "the requests of its clients. Default: processes on this machine that run as root or "
             "as the user of weir. An empty table admits nobody.");
  table.read("tls", out.tls, "TLS for the admin interface. Certificates are renewed by reloads.");
  checkTls(table, out);
  if (out.address) checkAddress(table, *out.address);
  for (std::size_t i = 0; i < out.hosts.size(); ++i) {
    if (isHostName(out.hosts[i])) continue;
    table.failElement("hosts", i, "needs a name without scheme and port");
  }
}

}  // namespace weir::admin
