#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/config/diagnostics.h"

namespace weir::config {
class Table;
}

namespace weir::http {

struct Absolute;

// The port of the authority, or the default one of the scheme; 0 if it is not valid.
std::uint16_t portOf(const Absolute& url);

// An absolute URL of HTTP, without user information and fragment.
struct Url {
  bool secure = false;  // https
  std::string host;     // in lower case, without the brackets of IPv6
  std::uint16_t port = 0;
  std::string target;  // path and query

  static std::optional<Url> parse(std::string_view text);
  std::string authority() const;  // host[:port]; the default port is left out
  std::string origin() const;     // "https://id.example"
  friend bool operator==(const Url&, const Url&) = default;
};

// Where weir sends requests of its own: a path of an upstream, or a URL, for whose host the plan
// makes an upstream. Written as { upstream = "NAME", path = "/..." } or as "https://host/path".
struct Target {
  static constexpr std::string_view kShortKey = "url";

  std::optional<std::string> url;
  std::optional<std::string> upstream;
  std::string path = "/";  // and query; with `upstream`
  // For the upstream that is made for the URL; not settings.
  struct Files {
    std::string ca;  // empty: the CA certificates of the system

    friend bool operator==(const Files&, const Files&) = default;
  };
  Files files = {};
  config::Origin origin;

  static void read(config::Table& table, Target& out);
  friend bool operator==(const Target&, const Target&) = default;

  // For a target that was read without a mistake.
  std::string upstreamName() const;  // the given one, or the origin of the URL
  std::string authority() const;     // of the URL; empty: the name of the upstream's host
  std::string pathAndQuery() const;
};

// Records a mistake if the target under this key has a path.
void refusePath(config::Table& table, std::string_view key, const Target& target);

}  // namespace weir::http
