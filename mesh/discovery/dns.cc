#include "mesh/discovery/dns.h"

#include <utility>

#include "core/dns/resolver.h"
#include "mesh/discovery/known_addresses.h"
#include "mesh/discovery/poll_schedule.h"

namespace weir::mesh {
namespace {

using dns::Family;

constexpr std::pair<std::string_view, Family> kFamilies[] = {
    {"all", Family::kAll}, {"ipv4", Family::kIpv4}, {"ipv6", Family::kIpv6}};
constexpr std::string_view kNoneOfFamily = "no address of the requested family";

// Removes addresses of the other family, which the hosts file, a literal address or a server may
// add.
void keepFamily(Family wanted, std::vector<IpAddress>& ips) {
  if (wanted == Family::kAll) return;
  std::erase_if(ips, [&](const IpAddress& ip) { return ip.isV4() != (wanted == Family::kIpv4); });
}

std::vector<upstream::Endpoint> endpointsOf(const std::vector<IpAddress>& ips, std::uint16_t port) {
  std::vector<upstream::Endpoint> endpoints;
  endpoints.reserve(ips.size());
  for (const IpAddress& ip : ips) endpoints.push_back({.address = {ip, port}, .zone = {}});
  return endpoints;
}

class DnsDiscovery final : public upstream::Discovery {
 public:
  DnsDiscovery(const upstream::DiscoveryTools& tools, const DnsSettings& settings)
      : resolver_(tools.resolver),
        settings_(settings),
        refresh_(
            tools.loop, [this] { look(); }, settings.min_refresh) {}

  void start(upstream::DiscoveryEvents& events) override { refresh_.start(events); }
  void lookAgain() override { refresh_.lookAgain(); }

 private:
  void look() {
    query_ = resolver_.resolve(settings_.address.host, settings_.family,
                               [this](const Result<dns::Addresses>& answer) { onAnswer(answer); });
  }
  void onAnswer(const Result<dns::Addresses>& answer) {
    if (!answer.ok()) return noAnswer(answer.error());
    dns::Addresses addresses = answer.value();
    keepFamily(settings_.family, addresses.ips);
    if (addresses.ips.empty()) return failed(kNoneOfFamily);
    known_.take(addresses);
    auto endpoints = endpointsOf(known_.ips(), settings_.address.port);
    const auto failure = known_.failure();
    if (!addresses.last) {
      refresh_.foundSoFar(std::move(endpoints));
    } else if (!failure) {
      refresh_.found(std::move(endpoints), addresses.ttl);
    } else {
      const std::string what = settings_.address.host + ": " + std::string(failure->detail);
      refresh_.foundPart(std::move(endpoints), addresses.ttl, known_.stale() ? what : "");
    }
  }
  void noAnswer(const Error& error) {
    const std::string what = settings_.address.host + ": " + std::string(error.detail);
    error.code == ErrorCode::kNotFound ? refresh_.missing(what) : refresh_.failed(what);
  }
  void failed(std::string_view why) {
    refresh_.failed(settings_.address.host + ": " + std::string(why));
  }

  dns::Resolver& resolver_;
  const DnsSettings settings_;
  KnownAddresses known_;
  PollSchedule refresh_;
  std::unique_ptr<dns::Query> query_;
};

class DnsSource final : public upstream::DiscoverySource {
 public:
  explicit DnsSource(const DnsSettings& settings) : settings_(settings) {}

  std::string identity() const override {
    const auto family = static_cast<std::size_t>(settings_.family);
    return "dns " + settings_.address.text() + " " + std::string(kFamilies[family].first) +
           PollSchedule::identityOf(settings_.min_refresh);
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
  table.read("address", out.address, "DNS name and port. Every address of the name is an endpoint.",
             {.required = true});
  table.read("family", out.family, kFamilies, "Address families to resolve.");
  table.read("min_refresh", out.min_refresh,
             "Minimum time between two queries after an answer, whatever its TTL, which is obeyed "
             "from then on up to an hour.",
             {.min = std::chrono::seconds(1), .max = std::chrono::hours(1)});
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
