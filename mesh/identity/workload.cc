#include "mesh/identity/workload.h"

#include <utility>

#include "core/base/log.h"
#include "core/base/utc_time.h"
#include "mesh/identity/metrics.h"

namespace weir::mesh {
namespace {

upstream::SharedClusterPlan planOfApi(health::CheckCommons& commons) {
  auto plan = std::make_shared<upstream::ClusterPlan>();
  plan->name = "spiffe";
  plan->balancer = health::onlyMember();
  plan->options.protocol = http::VersionChoice::kHttp2;
  plan->options.max_connections = 0;
  plan->connections = &commons.connections;
  plan->counts = &commons.counts;
  plan->retry_tokens = &commons.retry_tokens;
  return plan;
}

upstream::Endpoint endpointAt(const net::Address& address) {
  upstream::Endpoint endpoint;
  endpoint.address = address;
  return endpoint;
}

}  // namespace

// A new stream has a new connection, by which the API attests this process again.
struct Workload::Link {
  Link(event::Loop& loop, const net::Address& address, workload::SvidChoice choice,
       workload::WorkloadClient::Events& events)
      : connector(loop),
        commons(loop, connector),
        endpoint(commons, planOfApi(commons), endpointAt(address)),
        client(endpoint.client(), std::move(choice), events) {}

  net::TcpConnector connector;
  health::CheckCommons commons;
  health::OneEndpoint endpoint;
  workload::WorkloadClient client;
};

Workload::Workload(event::Loop& loop, MetricCells& cells, std::function<void()> on_change)
    : loop_(loop), cells_(cells), on_change_(std::move(on_change)) {}

Workload::~Workload() = default;

void Workload::follow(const std::optional<WorkloadSettings>& settings) {
  if (settings == settings_ && (link_ != nullptr || !settings)) return;
  settings_ = settings;
  link_ = nullptr;
  if (!settings) {
    identity_ = nullptr;
    return;
  }
  const auto address = settings->address();
  if (!address.ok()) {  // the environment has no socket any more
    return log::error("SPIFFE: the socket " + std::string(address.error().detail));
  }
  workload::WorkloadClient::Events& events = *this;
  link_ = std::make_unique<Link>(loop_, address.value(),
                                 workload::SvidChoice{settings->id, settings->hint}, events);
  link_->client.start();
}

void Workload::onIdentity(Shared identity) {
  identity_ = std::move(identity);
  const Nanoseconds until =
      identity_ == nullptr ? Nanoseconds(0) : identity_->certificate->notAfter();
  cells_.gauge(identityExpiryKey(IdentitySource::kSpiffe)).set(until.count());
  if (identity_ != nullptr) {
    cells_.counter(identityRefreshesKey(IdentitySource::kSpiffe, RefreshResult::kOk)).add();
    log::info("SPIFFE: the identity is " + std::string(identity_->certificate->identity()) +
              ", valid until " + UtcTime{until}.text());
  }
  on_change_();
}

void Workload::onTrouble(std::string_view why, bool repeated) {
  cells_.counter(identityRefreshesKey(IdentitySource::kSpiffe, RefreshResult::kFailed)).add();
  if (!repeated)
    log::warning("SPIFFE: " + settings_->address().value().text() + ": " + std::string(why));
}

}  // namespace weir::mesh
