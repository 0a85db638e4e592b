#pragma once

#include <string>
#include <vector>

namespace weir {

// `weir proxy`: a reverse proxy described on the command line.
struct ProxyOptions {
  std::string from;             // "[http|https|h2c://][HOST]:PORT" or "unix:PATH"
  std::vector<std::string> to;  // the same, with a host
  std::string certificate;      // of the listener, with https
  std::string key;
  std::string ca;    // of the upstream, with https; empty: those of the system
  std::string host;  // sent to the upstream; empty: the client's
  bool access_log = false;
};

// The configuration, or what is wrong with the options.
struct ProxyConfiguration {
  std::string toml;
  std::string mistake;
};
ProxyConfiguration proxyConfiguration(const ProxyOptions& options);

}  // namespace weir
