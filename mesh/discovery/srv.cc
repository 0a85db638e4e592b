#include "mesh/discovery/srv.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "core/dns/resolver.h"
#include "mesh/discovery/refresh.h"

namespace weir::mesh {
namespace {

using upstream::Endpoint;

constexpr std::uint64_t kMaxWeight = 1'000'000'000;

// One record, and what is known of the addresses of its target.
struct Target {
  dns::Service service;
  std::unique_ptr<dns::Query> query;
  std::optional<Result<dns::Addresses>> answer;

  bool has() const { return answer.has_value() && answer->ok(); }
  // Asking again may well help, unlike with a name that does not exist.
  bool failedForNow() const { return !has() && answer->error().code != ErrorCode::kNotFound; }
  std::size_t addresses() const { return has() ? answer->value().ips.size() : 0; }
};

std::vector<Endpoint> endpointsOf(const std::vector<Target>& targets) {
  std::size_t most = 1;
  for (const Target& target : targets) most = std::max(most, target.addresses());
  std::map<net::Address, std::uint64_t> weights;
  for (const Target& target : targets) {
    const std::size_t addresses = target.addresses();
    if (addresses == 0) continue;
    const std::uint64_t weight = std::max<std::uint64_t>(target.service.weight, 1) * most;
    const std::uint64_t share = weight / addresses;
    for (const net::Ip& ip : target.answer->value().ips) {
      weights[{ip, target.service.port}] += share;
    }
  }
  std::vector<Endpoint> endpoints;
  endpoints.reserve(weights.size());
  for (const auto& [address, weight] : weights) {
    endpoints.push_back({address, static_cast<std::uint32_t>(std::min(weight, kMaxWeight)), {}});
  }
  return endpoints;
}

dns::Ttl smallestTtl(dns::Ttl smallest, const std::vector<Target>& targets) {
  for (const Target& target : targets) {
    if (!target.has() || !target.answer->value().ttl) continue;
    const auto ttl = *target.answer->value().ttl;
    smallest = smallest ? std::min(*smallest, ttl) : ttl;
  }
  return smallest;
}

class SrvDiscovery final : public upstream::Discovery {
 public:
  SrvDiscovery(const upstream::DiscoveryTools& tools, std::string name)
      : resolver_(tools.resolver),
        name_(std::move(name)),
        refresh_(tools.loop, [this] { look(); }) {}

  void start(upstream::DiscoveryEvents& events) override { refresh_.start(events); }

 private:
  void look() {
    targets_.clear();
    query_ = resolver_.resolveSrv(
        name_, [this](const Result<dns::Services>& answer) { onServices(answer); });
  }

  void onServices(const Result<dns::Services>& answer) {
    if (!answer.ok()) return failed(name_, answer.error());
    ttl_ = answer.value().ttl;
    const auto& services = answer.value().services;
    for (const dns::Service& service : services) {
      if (service.priority == services.front().priority) targets_.push_back({service, {}, {}});
    }
    waiting_ = targets_.size();
    for (Target& target : targets_) {
      target.query = resolver_.resolve(
          target.service.target,
          [this, &target](const Result<dns::Addresses>& found) { onAddresses(target, found); });
    }
  }

  void onAddresses(Target& target, const Result<dns::Addresses>& answer) {
    target.answer = answer;
    if (--waiting_ == 0) onAllAddresses();
  }

  // Some targets without addresses are no reason to do without the others, but a server that
  // cannot answer at the moment is none to forget what it said before.
  void onAllAddresses() {
    const auto missing = std::find_if(targets_.begin(), targets_.end(),
                                      [](const Target& target) { return target.failedForNow(); });
    auto endpoints = endpointsOf(targets_);
    const bool complete = missing == targets_.end();
    if (!endpoints.empty() && (complete || !refresh_.known())) {
      refresh_.found(std::move(endpoints), smallestTtl(ttl_, targets_));
      if (complete) return;
    }
    const Target& blamed = complete ? targets_.front() : *missing;
    failed(blamed.service.target, blamed.answer->error());
  }

  void failed(const std::string& name, const Error& error) {
    refresh_.failed(name + ": " + std::string(error.detail));
  }

  dns::Resolver& resolver_;
  const std::string name_;
  Refresh refresh_;
  std::unique_ptr<dns::Query> query_;
  std::vector<Target> targets_;
  std::size_t waiting_ = 0;  // targets without an answer
  dns::Ttl ttl_;
};

class SrvSource final : public upstream::DiscoverySource {
 public:
  explicit SrvSource(std::string name) : name_(std::move(name)) {}

  std::string_view kind() const override { return "srv"; }
  std::string identity() const override { return "srv " + name_; }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools& tools) const override {
    return std::make_unique<SrvDiscovery>(tools, name_);
  }

 private:
  const std::string name_;
};

}  // namespace

void SrvSettings::read(config::Table& table, SrvSettings& out) {
  table.read("name", out.name, "Name of SRV records: \"_http._tcp.orders.internal\".",
             {.min_size = 1, .max_size = 254, .required = true});
  if (table.has("name") && out.name.find_first_of(" :/") != std::string::npos) {
    table.fail("name", "is not a name; the records hold the ports");
  }
}

std::shared_ptr<const upstream::DiscoverySource> makeSrv(const SrvSettings& settings) {
  return std::make_shared<const SrvSource>(settings.name);
}

}  // namespace weir::mesh
