#include "core/server/warnings.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/clock.h"
#include "core/route/route_table.h"
#include "core/route/settings.h"
#include "core/server/listener_filters.h"
#include "core/server/listener_policies.h"
#include "core/tls/certificate.h"

namespace weir::server {
namespace {

std::string dateText(Nanoseconds time) {
  const auto stamp =
      static_cast<std::time_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count());
  std::tm parts{};
  ::gmtime_r(&stamp, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return std::string(text.data(), size);
}

std::unordered_set<std::string> upstreamsInUse(const Settings& settings, const proxy::Plan& plan,
                                               std::unordered_set<std::string> used) {
  for (const route::RouteSettings& route : settings.routes) {
    for (const route::PlacedText* name : route.upstreams()) used.insert(name->text);
  }
  const auto add = [&](NameId upstream) {
    const auto* cluster = plan.cluster(upstream);
    if (cluster != nullptr) used.emplace((*cluster)->name);
  };
  for (const auto& listener : plan.listeners) {
    add(listener->upstream);
    for (const auto& rule : listener->tls_rules) add(rule.upstream);
  }
  for (const auto& cluster : plan.clusters) {
    for (const http::Target& each : cluster->discovery->needs()) used.insert(each.upstreamName());
  }
  return used;
}

void warnOfUpstreams(const Settings& settings, const proxy::Plan& plan,
                     const std::unordered_set<std::string>& used_by_filters,
                     config::Diagnostics& diagnostics) {
  const auto used = upstreamsInUse(settings, plan, used_by_filters);
  for (const auto& [name, upstream] : settings.upstreams) {
    const std::string path = "upstream." + name;
    if (!used.contains(name)) {
      diagnostics.warn(
          {upstream.origin.location, path, "is not used by any route, filter or listener", {}});
    }
  }
  std::unordered_map<std::string_view, const upstream::ClusterOptions*> written;
  for (const auto& [name, upstream] : settings.upstreams) written.emplace(name, &upstream);
  for (const auto& cluster : plan.clusters) {
    const auto known = cluster->discovery->known();
    if (known == nullptr || cluster->discovery->original() != nullptr) continue;
    const bool some = std::ranges::any_of(
        known->endpoints, [](const upstream::Endpoint& endpoint) { return endpoint.weight > 0; });
    if (some) continue;
    const auto found = written.find(cluster->name);
    if (found == written.end()) continue;  // made for a URL
    diagnostics.warn({found->second->discovery_origin.location,
                      "upstream." + std::string(cluster->name) + ".discovery",
                      known->endpoints.empty()
                          ? "has no endpoint: every request fails"
                          : "gives every endpoint weight 0: every request fails",
                      {}});
  }
}

// With fewer connections than that, an idle one is closed whenever another endpoint gets a request.
void warnOfConnections(const Settings& settings, const proxy::Plan& plan,
                       config::Diagnostics& diagnostics) {
  std::unordered_map<std::string_view, const upstream::ClusterPlan*> clusters;
  for (const auto& each : plan.clusters) clusters.emplace(each->name, each.get());
  for (const auto& [name, upstream] : settings.upstreams) {
    const auto found = clusters.find(name);
    if (found == clusters.end()) continue;
    const upstream::ClusterPlan& cluster = *found->second;
    const auto known = cluster.discovery->known();
    if (known == nullptr) continue;
    const std::uint64_t most = upstream.max_connections.value_or(0);
    const std::size_t endpoints = known->endpoints.size();
    const std::uint64_t least = std::uint64_t{cluster.workers} * endpoints;
    if (most == 0 || most >= least) continue;
    diagnostics.warn({upstream.origin.location, "upstream." + name + ".max_connections",
                      "is less than one connection for each of " + std::to_string(endpoints) +
                          " endpoints and " + std::to_string(cluster.workers) +
                          " workers: connections are closed and opened all the time",
                      std::to_string(least)});
  }
}

// The hosts of all routes; empty if a route matches any host.
std::vector<std::string> hostsOf(const Settings& settings) {
  std::vector<std::string> hosts;
  for (const route::RouteSettings& route : settings.routes) {
    for (const route::HostPattern& host : route.hosts) {
      if (host.kind == route::HostPattern::Kind::kAny) return {};
      hosts.push_back(host.toString());
    }
  }
  return hosts;
}

// True if the names have hosts in common; "*.example.com" covers one label in certificates and
// routes.
bool meets(const std::string& name, const std::string& host) {
  if (name == host) return true;
  const auto below = [](const std::string& wildcard, const std::string& full) {
    if (!wildcard.starts_with("*.")) return false;
    return full.ends_with(wildcard.substr(1)) && full.size() > wildcard.size() - 1;
  };
  return below(name, host) || below(host, name);
}

class CertificateWarnings {
 public:
  CertificateWarnings(const Settings& settings, config::Diagnostics& diagnostics)
      : hosts_(hostsOf(settings)), diagnostics_(diagnostics) {}

  void check(const tls::Certificate& certificate, const config::Location& location,
             const std::string& path) {
    if (now_ >= certificate.notAfter()) {
      warn(certificate, location, path, "has expired on " + dateText(certificate.notAfter()));
    } else if (now_ < certificate.notBefore()) {
      warn(certificate, location, path,
           "is valid from " + dateText(certificate.notBefore()) + " on");
    }
  }
  // For a listener's certificate: warns if no route matches any of its names.
  void checkNames(const tls::Certificate& certificate, const config::Location& location,
                  const std::string& path) {
    if (hosts_.empty() || !certificate.identity().empty()) return;
    const auto known = [&](const std::string& name) {
      return std::ranges::any_of(hosts_,
                                 [&](const std::string& host) { return meets(name, host); });
    };
    if (std::ranges::any_of(certificate.names(), known)) return;
    if (std::ranges::any_of(certificate.addresses(), known)) return;
    std::string names;
    for (const std::string& name : certificate.names()) names += (names.empty() ? "" : ", ") + name;
    warn(certificate, location, path,
         "is for " + (names.empty() ? std::string("no DNS name") : names) +
             ", and no route has a matching host");
  }

 private:
  void warn(const tls::Certificate& certificate, const config::Location& location,
            const std::string& path, const std::string& what) {
    diagnostics_.warn({location, path, "the certificate " + certificate.source() + " " + what, {}});
  }

  const Nanoseconds now_ = wallClockNow();
  const std::vector<std::string> hosts_;
  config::Diagnostics& diagnostics_;
};

void warnOfCertificates(const Settings& settings, const proxy::Plan& plan,
                        config::Diagnostics& diagnostics) {
  CertificateWarnings warnings(settings, diagnostics);
  for (const auto& listener : plan.listeners) {
    if (listener->tls == nullptr) continue;
    for (const auto& certificate : listener->tls->certificates().all()) {
      const std::string path = listener->origin.path + ".tls";
      warnings.check(*certificate, listener->origin.location, path);
      warnings.checkNames(*certificate, listener->origin.location, path);
    }
  }
  for (const auto& [name, upstream] : settings.upstreams) {
    const auto cluster =
        std::ranges::find(plan.clusters, name, [](const auto& each) { return each->name; });
    if (cluster == plan.clusters.end() || (*cluster)->tls == nullptr) continue;
    const auto& certificate = (*cluster)->tls->options().own;
    if (certificate != nullptr) {
      warnings.check(*certificate, upstream.origin.location, "upstream." + name + ".tls");
    }
  }
}

}  // namespace

void addWarnings(const Settings& settings, const proxy::Plan& plan,
                 const std::unordered_set<std::string>& used_by_filters,
                 config::Diagnostics& diagnostics) {
  warnOfUpstreams(settings, plan, used_by_filters, diagnostics);
  warnOfConnections(settings, plan, diagnostics);
  warnOfCertificates(settings, plan, diagnostics);
  warnOfFilters(settings, diagnostics);
  warnOfPolicies(settings, plan, diagnostics);
}

}  // namespace weir::server
