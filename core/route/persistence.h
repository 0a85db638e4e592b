#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/config/secret.h"
#include "core/http/message.h"
#include "core/net/address.h"
#include "core/tls/sealer.h"

namespace weir::config {
class Table;
}

namespace weir::route {

enum class SameSite : std::uint8_t { kLax, kStrict, kNone };
enum class SecureCookie : std::uint8_t { kAuto, kAlways, kNever };

struct CookieSettings {
  static constexpr std::string_view kShortKey = "name";

  std::string name;
  std::string path = "/";
  std::optional<std::string> domain;
  SameSite same_site = SameSite::kLax;
  SecureCookie secure = SecureCookie::kAuto;
  bool http_only = true;
  bool permanent = false;

  static void read(config::Table& table, CookieSettings& out);
};

// session_persistence = { ... } of a route.
struct PersistenceSettings {
  std::optional<CookieSettings> cookie;
  std::optional<std::string> header;
  std::optional<Milliseconds> absolute_timeout;
  bool strict = false;
  std::vector<config::Secret> secrets;

  static void read(config::Table& table, PersistenceSettings& out);
};

// The endpoint to which a client sticks.
struct Session {
  std::string_view upstream;  // its name
  std::string_view endpoint;  // its address
  Nanoseconds begun{0};       // since 1970
  bool renew = false;         // the client needs a new token for the same endpoint
  bool kept = false;          // the endpoint was selected
};

// Sends the requests of a client to the endpoint that served its first one: a sealed token, in a
// cookie or a header, contains the upstream and the endpoint. Immutable.
class Persistence {
 public:
  using Clock = Nanoseconds (*)();
  explicit Persistence(const PersistenceSettings& settings, Clock clock = wallClockNow);

  // The session of a request; nothing if it has none, or its token is not valid (any more).
  std::optional<Session> find(const http::Request& request) const;
  // Gives the client a token for an endpoint. `before`: its session, if it had one.
  void store(std::string_view upstream, const net::Address& endpoint, const Session* before,
             const http::Request& request, http::Response& response) const;
  // Whether a request whose endpoint cannot be selected is refused.
  bool strict() const { return settings_.strict; }

 private:
  std::optional<std::string_view> token(const http::Request& request) const;
  std::string_view setCookie(std::string_view token, Nanoseconds age, bool secure,
                             Arena& arena) const;
  std::string_view context() const {
    return settings_.cookie ? settings_.cookie->name : *settings_.header;
  }

  const PersistenceSettings settings_;
  const tls::Sealer sealer_;
  const Clock clock_;
};

}  // namespace weir::route
