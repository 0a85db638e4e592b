#include "mesh/discovery/dns.h"

#include <utility>

#include "core/dns/resolver.h"
#include "mesh/discovery/refresh.h"

namespace weir::mesh {
namespace {

using Family = DnsSettings::Family;

constexpr std::pair<std::string_view, Family> kFamilies[] = {
    {"all", Family::kAll}, {"ipv4", Family::kIpv4}, {"ipv6", Family::kIpv6}};
constexpr std::string_view kNoneOfFamily = "no address of the wanted family";

std::vector<upstream::Endpoint> endpointsOf(const std::vector<net::Ip>& ips,
                                            const DnsSettings& settings) {
  std::vector<upstream::Endpoint> endpoints;
  for (const net::Ip& ip : ips) {
    if (settings.family == Family::kIpv4 && !ip.isV4()) continue;
    if (settings.family == Family::kIpv6 && ip.isV4()) continue;
    endpoints.push_back({.address = {ip, settings.address.port}, .zone = {}});
  }
  return endpoints;
}

class DnsDiscovery final : public upstream::Discovery {
 public:
  DnsDiscovery(const upstream::DiscoveryTools& tools, const DnsSettings& settings)
      : resolver_(tools.resolver), settings_(settings), refresh_(tools.loop, [this] { look(); }) {}

  void start(upstream::DiscoveryEvents& events) override { refresh_.start(events); }

 private:
  void look() {
    query_ = resolver_.resolve(settings_.address.host,
                               [this](const Result<dns::Addresses>& answer) { onAnswer(answer); });
  }
  void onAnswer(const Result<dns::Addresses>& answer) {
    if (!answer.ok()) return failed(answer.error().detail);
    auto endpoints = endpointsOf(answer.value().ips, settings_);
    if (endpoints.empty()) return failed(kNoneOfFamily);
    refresh_.found(std::move(endpoints), answer.value().ttl);
  }
  void failed(std::string_view why) {
    refresh_.failed(settings_.address.host + ": " + std::string(why));
  }

  dns::Resolver& resolver_;
  const DnsSettings settings_;
  Refresh refresh_;
  std::unique_ptr<dns::Query> query_;
};

class DnsSource final : public upstream::DiscoverySource {
 public:
  explicit DnsSource(const DnsSettings& settings) : settings_(settings) {}

  std::string_view kind() const override { return "dns"; }
  std::string identity() const override {
    const auto family = static_cast<std::size_t>(settings_.family);
    return "dns " + settings_.address.text() + " " + std::string(kFamilies[family].first);
  }
  std::string_view hostName() const override { return settings_.address.host; }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools& tools) const override {
    return std::make_unique<DnsDiscovery>(tools, settings_);
  }

 private:
  const DnsSettings settings_;
};

}  // namespace

void DnsSettings::read(config::Table& table, DnsSettings& out) {
  table.read("address", out.address, "Name and port; every address of the name is an endpoint.",
             {.required = true});
  table.read("family", out.family, kFamilies, "The addresses to use.");
  if (!table.has("address")) return;
  if (out.address.isUnix()) {
    table.fail("address", "is a path, not a name; use discovery = { static = [\"" +
                              out.address.text() + "\"] }");
  } else if (out.address.host.empty()) {
    table.fail("address", "has no name");
  }
}

std::shared_ptr<const upstream::DiscoverySource> makeDns(const DnsSettings& settings) {
  return std::make_shared<const DnsSource>(settings);
}

}  // namespace weir::mesh
