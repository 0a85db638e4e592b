#include "tools/weir/quick_proxy.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "core/config/toml_writer.h"
#include "core/net/address.h"

namespace weir {
namespace {

using config::quotedToml;

enum class Scheme { kHttp, kHttps, kH2c };

// One end of the proxy as it was written.
struct End {
  Scheme scheme = Scheme::kHttp;
  std::string host;  // without brackets; empty: none was written
  std::string port;
  std::string socket;  // "unix:PATH"

  bool isAddress() const { return !socket.empty() || IpAddress::parse(host).ok(); }
  std::string address(const std::string& as_host) const {
    if (!socket.empty()) return socket;
    return (as_host.find(':') == std::string::npos ? as_host : "[" + as_host + "]") + ":" + port;
  }
};

struct EndResult {
  End end;
  std::string mistake;
};

bool isPort(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port <= 65'535;
}

std::optional<Scheme> schemeNamed(std::string_view name) {
  if (name == "http") return Scheme::kHttp;
  if (name == "https") return Scheme::kHttps;
  if (name == "h2c") return Scheme::kH2c;
  return std::nullopt;
}

// Splits "HOST:PORT"; a default port makes ":PORT" optional.
std::string splitAuthority(std::string_view text, std::string_view default_port, End& end) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return "the bracket is not closed";
  const std::size_t colon = text.find(':', bracket);
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[')) {
    host.remove_prefix(1);
    if (!host.ends_with(']')) return "needs HOST:PORT";
    host.remove_suffix(1);
  }
  end.host = host;
  end.port = colon == std::string_view::npos ? default_port : text.substr(colon + 1);
  if (end.port.empty()) return "needs a port";
  return isPort(end.port) ? "" : "\"" + end.port + "\" is not a port";
}

EndResult parseEnd(std::string_view text) {
  EndResult result;
  if (text.starts_with("unix:")) {
    result.end.socket = text;
    return result;
  }
  std::string_view default_port;
  if (const std::size_t at = text.find("://"); at != std::string_view::npos) {
    const auto scheme = schemeNamed(text.substr(0, at));
    if (!scheme) return {{}, "the scheme must be http, https or h2c"};
    result.end.scheme = *scheme;
    default_port = *scheme == Scheme::kHttps ? "443" : "80";
    text.remove_prefix(at + 3);
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.find('/') != std::string_view::npos) {
    return {{}, "cannot contain a path; `rewrite` of a route changes paths"};
  }
  result.mistake = splitAuthority(text, default_port, result.end);
  return result;
}

// Builds the text section by section.
class ProxyWriter {
 public:
  explicit ProxyWriter(const ProxyOptions& options) : options_(options) {}

  ProxyConfiguration write() {
    std::string mistake = writeListener();
    if (mistake.empty()) mistake = readTargets();
    if (!mistake.empty()) return {{}, mistake};
    if (options_.access_log) toml_ += "\n[[access_log]]\nfile = \"stdout\"\n";
    toml_ += "\n[[route]]\nupstream = \"app\"\n";
    if (!options_.host.empty()) {
      toml_ += "rewrite = { host = " + quotedToml(options_.host) + " }\n";
    }
    writeUpstream();
    return {std::move(toml_), {}};
  }

 private:
  std::string writeListener() {
    const auto [end, mistake] = parseEnd(options_.from);
    if (!mistake.empty()) return "--from " + options_.from + ": " + mistake;
    std::string host = end.host.empty() ? "0.0.0.0" : end.host;
    if (host == "localhost") host = "127.0.0.1";
    if (end.socket.empty() && !IpAddress::parse(host).ok()) {
      return "--from " + options_.from + ": needs an IP address or none, such as :8080";
    }
    toml_ = "[[listener]]\nname = \"proxy\"\naddress = " + quotedToml(end.address(host)) + "\n";
    if (end.scheme == Scheme::kH2c) toml_ += "protocol = \"http2\"\n";
    const bool has_pair = !options_.certificate.empty() && !options_.key.empty();
    if (end.scheme == Scheme::kHttps && !has_pair) {
      return "--from " + options_.from +
             ": needs --cert and --key; `weir ca init` and `weir ca issue localhost` create "
             "ca/localhost.crt and ca/localhost.key";
    }
    if (end.scheme != Scheme::kHttps && (!options_.certificate.empty() || !options_.key.empty())) {
      return "--cert and --key need --from https://...";
    }
    if (has_pair) {
      toml_ += "tls = { certificates = [{ cert = " + quotedToml(options_.certificate) +
               ", key = " + quotedToml(options_.key) + " }] }\n";
    }
    return {};
  }

  std::string readTargets() {
    for (const std::string& each : options_.to) {
      const auto [end, mistake] = parseEnd(each);
      std::string fault = mistake;
      if (fault.empty() && end.host.empty() && end.socket.empty()) fault = "needs a host";
      if (fault.empty() && !targets_.empty() && end.scheme != targets_.front().scheme) {
        fault = "needs the scheme of the first --to";
      }
      if (!fault.empty()) return ("--to " + each).append(": ").append(fault);
      targets_.push_back(end);
    }
    const auto is_local = [](const End& end) { return end.isAddress() || end.host == "localhost"; };
    by_name_ = !std::ranges::all_of(targets_, is_local);
    if (by_name_ && targets_.size() > 1) return "several --to need IP addresses";
    if (!options_.ca.empty() && targets_.front().scheme != Scheme::kHttps) {
      return "--ca needs --to https://...";
    }
    return {};
  }

  void writeUpstream() {
    toml_ += "\n[upstream.app]\ndiscovery = { ";
    if (by_name_) {
      toml_ += "dns = " + quotedToml(targets_.front().address(targets_.front().host));
    } else {
      std::string list;
      for (const End& each : targets_) {
        const std::string host = each.host == "localhost" ? "127.0.0.1" : each.host;
        list += (list.empty() ? "" : ", ") + quotedToml(each.address(host));
      }
      toml_ += "static = [" + list + "]";
    }
    toml_ += " }\n";
    const End& first = targets_.front();
    if (first.scheme == Scheme::kH2c) toml_ += "protocol = \"http2\"\n";
    if (first.scheme == Scheme::kHttps) writeTls(first);
  }

  void writeTls(const End& target) {
    std::string settings;
    if (!by_name_) settings = " server_name = " + quotedToml(target.host);
    if (!options_.ca.empty()) {
      settings += std::string(settings.empty() ? "" : ",") + " ca = " + quotedToml(options_.ca);
    }
    toml_ += "tls = {" + settings + (settings.empty() ? "" : " ") + "}\n";
  }

  const ProxyOptions& options_;
  std::vector<End> targets_;
  bool by_name_ = false;  // one target, found by its DNS name
  std::string toml_;
};

}  // namespace

ProxyConfiguration proxyConfiguration(const ProxyOptions& options) {
  return ProxyWriter(options).write();
}

}  // namespace weir
