// The pages of the admin server.
#include <algorithm>

#include "core/base/metrics.h"
#include "core/base/utc_time.h"
#include "core/config/redaction.h"
#include "core/proxy/plan.h"
#include "core/server/worker.h"
#include "observability/admin/explain.h"
#include "observability/text/gzip.h"
#include "tools/weir/process.h"
#include "tools/weir/upstream_states.h"

namespace weir {
namespace {

void addEndpointUse(const server::EndpointUse& use, admin::EndpointState& endpoint) {
  endpoint.in_flight = use.in_flight;
  endpoint.ejected_by = use.ejected;
  endpoint.since = UtcTime{wallClockNow() - use.unchanged}.text();
  if (const auto latency = use.latencySeconds()) endpoint.latency_ms = *latency * 1'000;
}

void addUse(const server::ClusterUse& use, admin::UpstreamState& state) {
  state.idle_connections = use.idle_connections;
  for (admin::EndpointState& endpoint : state.endpoints) {
    const auto found = use.endpoints.find(endpoint.address);
    const bool used = found != use.endpoints.end();
    if (used) addEndpointUse(found->second, endpoint);
    endpoint.state = stateOf(endpoint, used ? &found->second : nullptr);
  }
}

}  // namespace

admin::PageReply Process::metricsPage(const admin::PageRequest& request) {
  server_->refreshMetrics();
  page_->setLeft(server_->namesThatLeft());
  cells_.counter(logDroppedKey()).add(log_output_.takeDropped());
  const metrics::Exposition exposition = metrics::chooseExposition(request.accept);
  admin::PageReply reply{.content_type = metrics::contentType(exposition),
                         .body = page_->render(exposition)};
  if (!metrics::acceptsGzip(request.accept_encoding)) return reply;
  if (auto compressed = gzip(reply.body)) {
    reply.body = *std::move(compressed);
    reply.content_encoding = "gzip";
  }
  return reply;
}

admin::Health Process::health() {
  if (leaving_) return {.ready = false, .why = "draining"};
  if (first_plan_ != nullptr) return {.ready = false, .why = std::string(kAwaitsIdentity)};
  if (!live_) return {.ready = false, .why = "waiting for the first configuration to take effect"};
  return {};
}

// One line for the service manager.
std::string Process::status() const {
  return "serving as a " + std::string(server_->plan()->role) + " with " +
         std::to_string(server_->workers().size()) + " workers, generation " +
         std::to_string(server_->plan()->generation);
}

std::string Process::configText() {
  std::string text;
  for (const std::string& note : restartsNeeded(configuration_)) text += "# " + note + "\n";
  config::Value settings = showConfiguration(configuration_, registry_);
  config::redactCredentials(settings);
  return text + config::tomlText(settings);
}

void Process::explain(const admin::ExplainQuery& query, Answer<admin::Explanation> answer) {
  if (server_->plan() == nullptr) return answer({.mistake = std::string(kAwaitsIdentity)});
  auto explanation = admin::explainRequest(query, *server_->plan());
  if (explanation.upstreams.empty()) return answer(std::move(explanation));
  server_->askForUse([this, explanation = std::move(explanation), answer = std::move(answer)](
                         const server::ClusterUses& uses, std::size_t) mutable {
    const auto state = [&](const upstream::ClusterPlan& cluster) {
      const auto use = uses.find(cluster.id);
      return upstreamState(cluster, use == uses.end() ? nullptr : &use->second);
    };
    addStates(*server_->plan(), state, explanation);
    answer(explanation);
  });
}

void Process::listeners(Answer<std::vector<admin::ListenerState>> answer) {
  std::vector<admin::ListenerState> states;
  for (const server::Server::Bound& bound : server_->listeners()) {
    states.push_back({std::string(bound.listener->name), bound.address.text(), !server_->draining(),
                      bound.connections, bound.listener->max_connections});
  }
  answer(std::move(states));
}

void Process::upstreams(Answer<admin::UpstreamStates> answer) {
  server_->askForUse(
      [this, answer = std::move(answer)](const server::ClusterUses& uses, std::size_t silent) {
        answer({upstreamStates(uses), silent});
      });
}

void Process::upstream(std::string_view name, Answer<admin::UpstreamStates> answer) {
  const auto& clusters = server_->plan()->clusters;
  const auto found =
      std::ranges::find_if(clusters, [name](const auto& each) { return each->name == name; });
  if (found == clusters.end()) return answer({});
  server_->askWorkers<server::ClusterUse>(
      [id = (*found)->id](server::Worker& worker) { return worker.clusterUse(id); },
      [this, cluster = *found, answer = std::move(answer)](
          const std::vector<server::ClusterUse>& parts, std::size_t silent) {
        server::ClusterUse use;
        for (const server::ClusterUse& part : parts) use.add(part);
        answer({{upstreamState(*cluster, &use)}, silent});
      });
}

std::vector<admin::UpstreamState> Process::upstreamStates(const server::ClusterUses& uses) {
  std::vector<admin::UpstreamState> states;
  if (server_->plan() == nullptr) return states;
  for (const auto& cluster : server_->plan()->clusters) {
    const auto use = uses.find(cluster->id);
    states.push_back(upstreamState(*cluster, use == uses.end() ? nullptr : &use->second));
  }
  return states;
}

admin::UpstreamState Process::upstreamState(const upstream::ClusterPlan& cluster,
                                            const server::ClusterUse* use) {
  static const server::ClusterUse kNoUse;
  const auto* watched = server_->directory().state(cluster.id);
  admin::UpstreamState state =
      plannedState(cluster, watched == nullptr ? cluster.discovery->known() : watched->endpoints);
  state.connections = counts_.cluster(cluster.id).value();
  if (watched != nullptr) {
    state.stale = watched->stale;
    state.failure = watched->failure;
  }
  if (server_->health() != nullptr && cluster.options.health_check) {
    addHealth(*server_->health(), cluster.id, state);
  }
  addUse(use == nullptr ? kNoUse : *use, state);
  return state;
}

}  // namespace weir
