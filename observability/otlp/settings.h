#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/config/secret.h"
#include "core/http/target.h"

namespace weir::config {
class Table;
}

namespace weir::otlp {

enum class Compression : std::uint8_t { kNone, kGzip };

// Where records are sent, by OTLP over HTTP, and what is said about their source.
struct Settings {
  std::optional<http::Target> endpoint;
  std::map<std::string, config::Secret> headers;
  std::optional<Compression> compression;
  std::optional<Milliseconds> timeout;
  std::optional<std::string> service_name;
  std::map<std::string, std::string> resource;
  std::uint32_t batch = 512;
  Milliseconds interval{1'000};
  std::uint32_t queue = 8'192;

  static void read(config::Table& table, Settings& out);
  friend bool operator==(const Settings&, const Settings&) = default;
};

// The settings with the variables of the environment and the defaults in place of those that are
// not given.
struct Options {
  http::Target endpoint;
  std::vector<std::pair<std::string, std::string>> headers;
  bool gzip = false;
  Milliseconds timeout{10'000};
  std::vector<std::pair<std::string, std::string>> resource;
  std::size_t batch = 512;
  Milliseconds interval{1'000};
  std::size_t queue = 8'192;
};

}  // namespace weir::otlp
