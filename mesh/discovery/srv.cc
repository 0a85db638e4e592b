#include "mesh/discovery/srv.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "core/dns/resolver.h"
#include "mesh/discovery/known_addresses.h"
#include "mesh/discovery/poll_schedule.h"

namespace weir::mesh {
namespace {

using upstream::Endpoint;

constexpr std::uint64_t kMaxWeight = 1'000'000'000;

using KnownHosts = std::map<std::string, KnownAddresses>;

// One record, and the result of the query for its target's addresses.
struct Target {
  dns::Service service;
  std::unique_ptr<dns::Query> query = {};
  bool heard = false;                 // an answer or a failure has arrived
  std::optional<Error> failure = {};  // of the query or of one family
  bool lasting = false;               // the name does not exist: a retry is pointless
};

const KnownAddresses* find(const KnownHosts& known, const Target& target) {
  const auto found = known.find(target.service.target);
  return found == known.end() ? nullptr : &found->second;
}

std::vector<Endpoint> endpointsOf(const std::vector<Target>& targets, const KnownHosts& known) {
  std::size_t most = 1;
  for (const Target& target : targets) {
    if (const auto* addresses = find(known, target)) most = std::max(most, addresses->ips().size());
  }
  std::map<net::Address, std::uint64_t> weights;
  for (const Target& target : targets) {
    const auto* addresses = find(known, target);
    if (addresses == nullptr) continue;
    const std::uint64_t weight = std::max<std::uint64_t>(target.service.weight, 1) * most;
    const std::uint64_t share = weight / addresses->ips().size();
    for (const IpAddress& ip : addresses->ips()) weights[{ip, target.service.port}] += share;
  }
  std::vector<Endpoint> endpoints;
  endpoints.reserve(weights.size());
  for (const auto& [address, weight] : weights) {
    endpoints.push_back({address, static_cast<std::uint32_t>(std::min(weight, kMaxWeight)), {}});
  }
  return endpoints;
}

dns::Ttl smallestTtl(dns::Ttl smallest, const std::vector<Target>& targets,
                     const KnownHosts& known) {
  for (const Target& target : targets) {
    const auto* addresses = find(known, target);
    if (addresses == nullptr || !addresses->ttl()) continue;
    const auto ttl = *addresses->ttl();
    smallest = smallest ? std::min(*smallest, ttl) : ttl;
  }
  return smallest;
}

class SrvDiscovery final : public upstream::Discovery {
 public:
  SrvDiscovery(const upstream::DiscoveryTools& tools, const SrvSettings& settings)
      : resolver_(tools.resolver),
        name_(settings.name),
        refresh_(
            tools.loop, [this] { look(); }, settings.min_refresh) {}

  void start(upstream::DiscoveryEvents& events) override { refresh_.start(events); }
  void lookAgain() override { refresh_.lookAgain(); }

 private:
  void look() {
    targets_.clear();
    query_ = resolver_.resolveSrv(
        name_, [this](const Result<dns::Services>& answer) { onServices(answer); });
  }

  void onServices(const Result<dns::Services>& answer) {
    if (!answer.ok()) {
      const std::string what = text(name_, answer.error());
      const bool gone = answer.error().code == ErrorCode::kNotFound;
      return gone ? refresh_.missing(what) : refresh_.failed(what);
    }
    ttl_ = answer.value().ttl;
    services_ = answer.value().services;
    trouble_.clear();
    std::erase_if(known_, [this](const auto& each) {
      return std::none_of(services_.begin(), services_.end(),
                          [&](const dns::Service& s) { return s.target == each.first; });
    });
    next_ = 0;
    askNextPriority();
  }

  void askNextPriority() {
    targets_.clear();
    const std::uint16_t priority = services_[next_].priority;
    for (; next_ < services_.size() && services_[next_].priority == priority; ++next_) {
      targets_.push_back({.service = services_[next_]});
    }
    waiting_ = targets_.size();
    for (Target& target : targets_) {
      target.query = resolver_.resolve(
          target.service.target, dns::Family::kAll,
          [this, &target](const Result<dns::Addresses>& found) { onAddresses(target, found); });
    }
  }

  void onAddresses(Target& target, const Result<dns::Addresses>& answer) {
    take(target, answer);
    const bool last = !answer.ok() || answer.value().last;
    if (last && --waiting_ == 0) return onAllAddresses();
    const bool heard =
        std::all_of(targets_.begin(), targets_.end(), [](const Target& t) { return t.heard; });
    if (!heard || refresh_.known()) return;
    auto endpoints = endpointsOf(targets_, known_);
    if (!endpoints.empty()) refresh_.foundSoFar(std::move(endpoints));
  }

  // If a query fails temporarily, the addresses that are known remain.
  void take(Target& target, const Result<dns::Addresses>& answer) {
    const std::string& host = target.service.target;
    target.heard = true;
    target.lasting = !answer.ok() && answer.error().code == ErrorCode::kNotFound;
    if (target.lasting) known_.erase(host);
    target.failure = std::nullopt;
    if (answer.ok()) {
      known_[host].take(answer.value());
      target.failure = known_[host].failure();
    } else {
      target.failure = answer.error();
    }
    if (target.lasting || !target.failure || !trouble_.empty()) return;
    const bool missed = !answer.ok() || known_[host].stale();
    if (missed && (!answer.ok() || answer.value().last)) trouble_ = text(host, *target.failure);
  }

  // Targets without addresses are ignored if others have some. If a whole priority has none, the
  // next one is used (RFC 2782).
  void onAllAddresses() {
    auto endpoints = endpointsOf(targets_, known_);
    const bool complete =
        trouble_.empty() && std::all_of(targets_.begin(), targets_.end(),
                                        [](const Target& t) { return t.lasting || !t.failure; });
    if (endpoints.empty()) {
      const Target& first = targets_.front();
      const std::string what = text(first.service.target, *first.failure);
      if (next_ < services_.size()) return askNextPriority();
      refresh_.failed(trouble_.empty() ? what : trouble_);
    } else if (complete) {
      refresh_.found(std::move(endpoints), smallestTtl(ttl_, targets_, known_));
    } else {
      refresh_.foundPart(std::move(endpoints), smallestTtl(ttl_, targets_, known_), trouble_);
    }
  }

  static std::string text(const std::string& name, const Error& error) {
    return name + ": " + std::string(error.detail);
  }

  dns::Resolver& resolver_;
  const std::string name_;
  PollSchedule refresh_;
  std::unique_ptr<dns::Query> query_;
  std::vector<dns::Service> services_;  // of the latest answer, by priority
  std::size_t next_ = 0;                // the index of the next one to query
  std::vector<Target> targets_;         // of the current priority
  KnownHosts known_;
  std::size_t waiting_ = 0;  // targets without an answer
  std::string trouble_;      // the first failed query of this round
  dns::Ttl ttl_;
};

class SrvSource final : public upstream::DiscoverySource {
 public:
  explicit SrvSource(const SrvSettings& settings) : settings_(settings) {}

  std::string identity() const override {
    return "srv " + settings_.name + PollSchedule::identityOf(settings_.min_refresh);
  }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools& tools) const override {
    return std::make_unique<SrvDiscovery>(tools, settings_);
  }

 private:
  const SrvSettings settings_;
};

}  // namespace

void SrvSettings::read(config::Table& table, SrvSettings& out) {
  table.read("name", out.name, "Name of the SRV records: \"_http._tcp.orders.internal\".",
             {.min_size = 1, .max_size = 254, .required = true});
  table.read("min_refresh", out.min_refresh,
             "Minimum time between two queries after an answer, whatever its TTL, which is obeyed "
             "from then on up to an hour.",
             {.min = std::chrono::seconds(1), .max = std::chrono::hours(1)});
  if (table.has("name") && out.name.find_first_of(" :/") != std::string::npos) {
    table.fail("name", "is not a name; the records hold the ports");
  }
}

std::shared_ptr<const upstream::DiscoverySource> makeSrv(const SrvSettings& settings) {
  return std::make_shared<const SrvSource>(settings);
}

}  // namespace weir::mesh
