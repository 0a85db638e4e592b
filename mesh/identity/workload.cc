#include "mesh/identity/workload.h"

#include <utility>

#include "core/base/log.h"
#include "core/base/utc_time.h"
#include "mesh/identity/metrics.h"

namespace weir::mesh {
namespace {

constexpr std::string_view kEntry = "spiffe/identity";  // of the state directory

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

Workload::Workload(const Tools& tools, std::function<void()> on_change)
    : tools_(tools), on_change_(std::move(on_change)) {}

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
  link_ = std::make_unique<Link>(tools_.loop, address.value(),
                                 workload::SvidChoice{settings->id, settings->hint}, events);
  link_->client.start();
  if (settings->snapshot && identity_ == nullptr) loadSnapshot();
}

// What the API delivered to an earlier process, as far as it can still be used.
void Workload::loadSnapshot() {
  const auto kept = tools_.state.load(kEntry);
  if (!kept.ok() || kept.value().empty()) return;
  std::string why;
  const auto response = workload::readSvidResponse(kept.value(), why);
  if (!response) return log::warning("SPIFFE: the identity in the state directory " + why);
  const auto* const chosen = workload::choose(*response, {settings_->id, settings_->hint});
  if (chosen == nullptr) return;
  Shared identity = workload::identityOf(*response, *chosen, why);
  if (identity == nullptr) return log::warning("SPIFFE: from the state directory: " + why);
  log::info("SPIFFE: the identity is taken from the state directory");
  adopt(std::move(identity));
}

void Workload::adopt(Shared identity) {
  identity_ = std::move(identity);
  const Nanoseconds until =
      identity_ == nullptr ? Nanoseconds(0) : identity_->certificate->notAfter();
  tools_.cells.gauge(identityExpiryKey(IdentitySource::kSpiffe)).set(until.count());
  if (identity_ == nullptr) return;
  log::info("SPIFFE: the identity is " + std::string(identity_->certificate->identity()) +
            ", valid until " + UtcTime{until}.text());
}

// A failure to save it is logged by the directory.
void Workload::onIdentity(Shared identity, std::string_view message) {
  adopt(std::move(identity));
  tools_.cells.counter(identityRefreshesKey(IdentitySource::kSpiffe, RefreshResult::kOk)).add();
  if (settings_->snapshot) static_cast<void>(tools_.state.save(kEntry, message));
  on_change_();
}

void Workload::onWithdrawn() {
  adopt(nullptr);
  if (settings_->snapshot) static_cast<void>(tools_.state.save(kEntry, {}));
  on_change_();
}

void Workload::onTrouble(std::string_view why, bool repeated) {
  tools_.cells.counter(identityRefreshesKey(IdentitySource::kSpiffe, RefreshResult::kFailed)).add();
  if (!repeated)
    log::warning("SPIFFE: " + settings_->address().value().text() + ": " + std::string(why));
}

}  // namespace weir::mesh
