#include <algorithm>

#include "core/base/log.h"
#include "core/proxy/plan.h"
#include "mesh/identity/metrics.h"
#include "tools/weir/process.h"

// The part of the process that follows the SPIFFE identity of this node.
namespace weir {
namespace {

constexpr Milliseconds kRenewAgain{10'000};

void logFailures(const config::Diagnostics& diagnostics) {
  for (const config::Diagnostic& each : diagnostics.sorted()) log::error(each.text());
}

using Expiry = std::optional<Nanoseconds>;

void note(Expiry& first, const tls::Certificate* certificate) {
  if (certificate == nullptr) return;
  first = std::min(first.value_or(certificate->notAfter()), certificate->notAfter());
}

// When the first of the certificates in files by which this node identifies itself expires;
// nullopt: there are none.
Expiry fileIdentityExpiry(const proxy::Plan& plan) {
  Expiry first;
  for (const auto& listener : plan.listeners) {
    if (listener->tls == nullptr) continue;
    const auto& files = listener->tls_options->certificates;
    const auto& certificates = listener->tls->certificates().all();
    for (std::size_t i = 0; i < std::min(files.size(), certificates.size()); ++i) {
      note(first, files[i].node ? certificates[i].get() : nullptr);
    }
  }
  for (const auto& cluster : plan.clusters) {
    const bool node = cluster->tls != nullptr && cluster->options.tls->node;
    note(first, node ? cluster->tls->options().own.get() : nullptr);
  }
  return first;
}

}  // namespace

std::optional<mesh::WorkloadSettings> Process::workloadSettings() const {
  return configuration_.identity ? configuration_.identity->spiffe : std::nullopt;
}

// True if the first plan waits for the identity, without which its listeners could serve nobody.
bool Process::awaitsIdentity() {
  const auto settings = workloadSettings();
  workload_->follow(settings);
  if (!settings) return false;
  if (workload_->identity() != nullptr) {  // of the state directory
    rebuildFirst();
    return false;
  }
  log::info(std::string(kAwaitsIdentity));
  if (settings->wait.count() > 0) identity_time_.arm(settings->wait);
  return true;
}

void Process::onIdentity() {
  if (first_plan_ == nullptr) return renewIdentity();
  if (leaving_ || workload_->identity() == nullptr) return;
  identity_time_.disarm();
  rebuildFirst();
  if (!publishFirst()) finish(1);
}

// With the identity that has arrived.
void Process::rebuildFirst() {
  plan_builder_.setWorkload(workload_->identity());
  config::Diagnostics diagnostics;
  first_plan_ = rebuild(diagnostics);
  logFailures(diagnostics);
  noteRefreshes();
}

void Process::renewIdentity() {
  plan_builder_.setWorkload(workload_->identity());
  identity_time_.disarm();
  config::Diagnostics diagnostics;
  auto plan = rebuild(diagnostics);
  const bool published = plan != nullptr && server_->publish(std::move(plan), diagnostics, [] {});
  noteRefreshes();
  if (published) return;
  log::error(
      "the new identity of this node cannot be used yet, because the configuration in use "
      "has mistakes now:");
  logFailures(diagnostics);
  identity_time_.arm(kRenewAgain);
}

void Process::noteFileIdentity() {
  const Expiry expiry = fileIdentityExpiry(*server_->plan());
  if (!expiry) return;
  cells_.gauge(mesh::identityExpiryKey(mesh::IdentitySource::kFiles)).set(expiry->count());
}

void Process::openRenewal() {
  const auto renewed = [this] {
    log::info("the certificate of this node was renewed by its authority");
    if (!configuration_.watch) reload([](const admin::ReloadOutcome&) {});
  };
  const auto failed = [this](const std::string& why) {
    cells_
        .counter(
            mesh::identityRefreshesKey(mesh::IdentitySource::kFiles, mesh::RefreshResult::kFailed))
        .add();
    log::warning("the certificate of this node could not be renewed by its authority: " + why);
  };
  renewal_ =
      std::make_unique<mesh::Renewal>(server_->client(), mesh::Renewal::Events{renewed, failed});
}

// Once a plan is live, by whose upstreams the authority is reached.
void Process::followRenewal() {
  const auto& identity = configuration_.identity;
  if (!identity || !identity->authority) return renewal_->follow(std::nullopt);
  renewal_->follow(mesh::Renewal::Settings{names_.intern(identity->authority->upstreamName()),
                                           *identity->authority,
                                           {identity->cert.path, identity->key.path}});
}

void Process::onIdentityTime() {
  if (first_plan_ == nullptr) return renewIdentity();
  log::error("there was no SPIFFE identity within the `wait` of [identity] spiffe");
  finish(1);
}

}  // namespace weir
