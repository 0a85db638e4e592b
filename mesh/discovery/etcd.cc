#include "mesh/discovery/etcd.h"

#include <set>
#include <utility>

#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/plain_text.h"
#include "mesh/discovery/endpoint_json.h"
#include "mesh/discovery/etcd_client.h"
#include "mesh/discovery/retry_pause.h"
#include "mesh/discovery/sorted_endpoints.h"

namespace weir::mesh {
namespace {

constexpr jose::Json::Limits kValueJson = {
    .bytes = 64_KiB, .depth = 8, .members = 128, .values = 1'000};
constexpr std::size_t kMostKeyInLog = 200;

// An endpoint as JSON, or an address alone.
std::string readValue(std::string_view text, upstream::Endpoint& out) {
  const auto address = net::Address::parse(text);
  if (address.ok()) {
    out.address = address.value();
    return {};
  }
  const auto json = jose::Json::parse(text, kValueJson);
  if (!json.ok()) return std::string(json.error().detail);
  return readEndpointJson(json.value().root(), UnknownMembers::kIgnored, out);
}

class EtcdDiscovery final : public upstream::Discovery, private etcd::PrefixClient::Events {
 public:
  EtcdDiscovery(const upstream::DiscoveryTools& tools, const EtcdSettings& settings)
      : client_(tools.client,
                sessionOptions(settings, tools.names.intern(settings.server.upstreamName())),
                settings.prefix, *this),
        retry_(tools.loop.wheel(), *this) {}

  void start(upstream::DiscoveryEvents& events) override {
    events_ = &events;
    client_.start();
  }
  void lookAgain() override { onRetry(); }

 private:
  void onValues(const etcd::PrefixClient::Values& values) override {
    pause_.reset();
    std::vector<upstream::Endpoint> endpoints;
    std::set<std::string> mistakes;
    for (const auto& [key, value] : values) {
      upstream::Endpoint endpoint;
      const std::string mistake = readValue(value, endpoint);
      if (mistake.empty()) {
        endpoints.push_back(std::move(endpoint));
      } else {
        mistakes.insert("key " + printable(key, kMostKeyInLog) + ": " + mistake);
      }
    }
    logMistakes(std::move(mistakes));
    // They are there, but not understood: not the same as none.
    if (endpoints.empty() && !values.empty()) {
      return events_->onDiscoveryFailed("etcd: " + *mistakes_.begin());
    }
    events_->onEndpoints(sortedEndpoints(std::move(endpoints)));
  }

  void logMistakes(std::set<std::string> mistakes) {
    for (const std::string& each : mistakes) {
      if (!mistakes_.contains(each)) log::warning("etcd: ignoring an endpoint: " + each);
    }
    mistakes_ = std::move(mistakes);
  }

  void onFailed(std::string_view why) override {
    retry_.arm(pause_.next());
    events_->onDiscoveryFailed("etcd: " + std::string(why));
  }
  void onRetry() {
    retry_.disarm();
    client_.start();
  }

  upstream::DiscoveryEvents* events_ = nullptr;
  RetryPause pause_;
  std::set<std::string> mistakes_;  // in the latest values
  etcd::PrefixClient client_;
  event::Alarm<EtcdDiscovery, &EtcdDiscovery::onRetry> retry_;
};

class EtcdSource final : public upstream::DiscoverySource {
 public:
  explicit EtcdSource(const EtcdSettings& settings) : settings_(settings) {}

  std::string identity() const override {
    return "etcd " + settings_.server.upstreamName() + " " + settings_.prefix + " " +
           settings_.user + " " + std::to_string(stableHash(settings_.password.reveal()));
  }
  std::vector<http::Target> needs() const override { return {settings_.server}; }
  bool needsHttp2() const override { return true; }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools& tools) const override {
    return std::make_unique<EtcdDiscovery>(tools, settings_);
  }

 private:
  const EtcdSettings settings_;
};

}  // namespace

void EtcdSettings::read(config::Table& table, EtcdSettings& out) {
  readEtcdAccess(table, out,
                 "Prefix of the keys, such as \"/weir/services/orders/\". The value of each key is "
                 "an address, or a JSON object as in an endpoint file.");
}

std::shared_ptr<const upstream::DiscoverySource> makeEtcd(const EtcdSettings& settings) {
  return std::make_shared<const EtcdSource>(settings);
}

}  // namespace weir::mesh
