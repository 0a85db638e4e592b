#include "core/server/server.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/event/memory_reserve.h"
#include "core/event/system_error.h"
#include "core/net/passed_sockets.h"
#include "core/proxy/plan.h"
#include "core/server/metrics.h"
#include "core/server/worker.h"
#include "core/tls/metrics.h"
#include "core/upstream/metrics.h"

namespace weir::server {
namespace {

constexpr Milliseconds kSweep{500};

void addUses(const ClusterUses& part, ClusterUses& sums) {
  for (const auto& [id, use] : part) sums[id].add(use);
}

}  // namespace

Result<std::vector<event::Loop::Handle>> Server::openLoops(unsigned workers) {
  std::vector<event::Loop::Handle> loops;
  while (loops.size() < workers) {
    WEIR_TRY(event::Loop::Handle loop, event::Loop::open());
    loops.push_back(std::move(loop));
  }
  return loops;
}

Server::Server(const Parts& parts, std::vector<event::Loop::Handle> loops)
    : parts_(parts),
      survey_(parts.loop, workers_),
      control_(parts.loop, parts.cells),
      warm_up_(parts.loop,
               [this] {
                 return discoveries_.answered() && shared_filters_.ready() &&
                        (health_ == nullptr || health_->settled());
               }),
      discoveries_(
          {parts.loop, parts.resolver, control_.client(), parts.names}, {parts.cells, parts.state},
          [this](NameId cluster, const upstream::SharedEndpoints& endpoints) {
            onEndpoints(cluster, endpoints);
          },
          [this] { warm_up_.onAnswer(); }),
      shared_filters_(
          {parts.loop, parts.cells, control_.client(), control_.client(), filter_commons_,
           parts.state},
          [this](filter::MakerId filter, const filter::AnySnapshot& snapshot) {
            for (auto& worker : workers_) worker->setSnapshot(filter, snapshot);
          },
          [this] { warm_up_.onAnswer(); }),
      drain_timeout_(parts.loop.wheel(), *this),
      sweep_(parts.loop.wheel(), *this) {
  for (unsigned i = 0; i < loops.size(); ++i) {
    workers_.push_back(
        std::make_unique<Worker>(i, parts_.counts, parts_.names, std::move(loops[i])));
  }
  if (parts_.health_checks != nullptr) {
    upstream::HealthEvents& events = *this;
    health_ = parts_.health_checks({parts_.loop, control_.connector(), parts_.cells, events});
  }
  sweep_.arm(kSweep);
  event::keepMemoryReserve();
}

Server::~Server() { stop(); }

// The health checks first: an endpoint may be unhealthy until its first check.
void Server::onEndpoints(NameId cluster, const upstream::SharedEndpoints& endpoints) {
  if (health_ != nullptr) health_->setEndpoints(cluster, endpoints);
  control_.setEndpoints(cluster, endpoints);
  for (auto& worker : workers_) worker->setEndpoints(cluster, endpoints);
}

void Server::onHealth(NameId cluster, const upstream::SharedHealth& health, std::size_t unhealthy) {
  discoveries_.setUnhealthy(cluster, unhealthy);
  control_.setHealth(cluster, health);
  for (auto& worker : workers_) worker->setHealth(cluster, health);
}

// Checks that are new in this plan, of endpoints that discovery has found before.
void Server::checkEndpoints(const upstream::ClusterPlans& clusters) {
  if (health_ == nullptr) return;
  for (const auto& cluster : clusters) {
    const Discoveries::State* const state = discoveries_.state(cluster->id);
    if (state != nullptr) health_->setEndpoints(cluster->id, state->endpoints);
  }
}

void Server::start(const OpenRecorders& open, bool details) {
  started_ = true;
  for (auto& worker : workers_) worker->start(open(worker->cells()), details);
}

void Server::setRecorders(const OpenRecorders& open) {
  for (auto& worker : workers_) worker->setRecorders(open(worker->cells()));
}

void Server::flushRecorders(std::function<void()> on_done) {
  const auto left = std::make_shared<std::size_t>(workers_.size());
  const auto tell = [this, left, on_done = std::move(on_done)] {
    parts_.loop.post([left, on_done] {
      if (--*left == 0) on_done();
    });
  };
  for (auto& worker : workers_) worker->flushRecorders(tell);
}

std::optional<std::vector<net::ListenSocket>> Server::takePassed(
    const proxy::ListenerPlan& listener, config::Diagnostics& diagnostics) const {
  if (parts_.passed == nullptr) return std::vector<net::ListenSocket>();
  auto taken = parts_.passed->open(listener.name, listener.address, workers_.size());
  if (taken.ok()) return std::move(taken.value());
  diagnostics.add({{},
                   "listener " + std::string(listener.name),
                   "cannot use the passed sockets: " + std::string(taken.error().detail),
                   {}});
  return std::nullopt;
}

bool Server::openListener(const std::shared_ptr<const proxy::ListenerPlan>& listener,
                          std::vector<NewSocket>& opened, config::Diagnostics& diagnostics) const {
  auto passed = takePassed(*listener, diagnostics);
  if (!passed) return false;
  if (!passed->empty()) {
    opened.push_back({listener, std::move(*passed)});
    return true;
  }
  NewSocket made{listener, {}};
  net::Address address = listener->address;
  std::optional<unsigned> mode;
  if (listener->socket_mode) mode = listener->socket_mode->bits;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto socket = net::ListenSocket::open(address, listener->backlog,
                                          net::ListenSocket::Sharing::kWorkers, mode);
    if (!socket.ok()) {
      diagnostics.add(
          {{},
           "listener " + std::string(listener->name),
           "cannot listen on " + address.text() + ": " + std::string(socket.error().detail),
           {}});
      return false;
    }
    address = socket.value().address();  // port 0: the other sockets use the port of the first
    made.sockets.push_back(std::move(socket.value()));
    if (listener->address.isUnix()) break;  // one socket, one worker: SO_REUSEPORT does not apply
  }
  opened.push_back(std::move(made));
  return true;
}

bool Server::openSockets(const proxy::Plan& plan, std::vector<NewSocket>& opened,
                         config::Diagnostics& diagnostics) const {
  bool good = true;
  for (const auto& listener : plan.listeners) {
    const auto open = listening_.find(listener->id);
    if (open != listening_.end() && open->second.configured == listener->address) continue;
    good = openListener(listener, opened, diagnostics) && good;
  }
  return good;
}

bool Server::bind(const proxy::Plan& plan, std::optional<Owner> owner,
                  config::Diagnostics& diagnostics) {
  if (!openSockets(plan, bound_, diagnostics)) return false;
  if (!owner) return true;
  for (const NewSocket& each : bound_) {
    for (const net::ListenSocket& socket : each.sockets) {
      if (socket.owner() == net::ListenSocket::Owner::kOther) continue;
      if (socket.giveTo(owner->user, owner->group)) continue;
      const std::string failure(event::errorOf(-errno).detail);
      diagnostics.add({{},
                       "listener " + std::string(each.listener->name),
                       "cannot change the owner of " + socket.address().text() + ": " + failure,
                       {}});
      return false;
    }
  }
  return true;
}

bool Server::publish(std::shared_ptr<const proxy::Plan> plan, config::Diagnostics& diagnostics,
                     std::function<void()> on_live) {
  std::vector<NewSocket> opened = std::exchange(bound_, {});
  if (opened.empty() && !openSockets(*plan, opened, diagnostics)) return false;
  std::erase_if(listening_, [&](const auto& each) {
    return std::none_of(plan->listeners.begin(), plan->listeners.end(),
                        [&](const auto& listener) { return listener->id == each.first; });
  });
  for (const NewSocket& each : opened) {
    const net::ListenSocket& first = each.sockets.front();
    listening_[each.listener->id] = {each.listener->address, first.address(),
                                     each.listener->socket_mode, first.owner()};
  }
  changeSocketModes(*plan);
  if (plan_ != nullptr) history_.push_back(plan_);
  plan_ = plan;
  control_.follow(plan->clusters);
  addNames(*plan, names_seen_);
  parts_.counts.memory().setThresholds(plan->refuse_connections_at, plan->reset_streams_at);
  noteCertificates();
  // A copyable function must not own sockets: it takes descriptors instead.
  std::vector<std::vector<Opening>> openings(workers_.size());
  for (NewSocket& each : opened) {
    for (std::size_t i = 0; i < each.sockets.size(); ++i) {
      net::ListenSocket& socket = each.sockets[i];
      const net::Address address = socket.address();
      openings[i].push_back({each.listener, socket.release(), address,
                             &parts_.counts.listener(each.listener->id), socket.owner()});
    }
  }
  warm_up_.finish();
  if (health_ != nullptr) health_->follow(plan->clusters);
  discoveries_.follow(*plan);
  checkEndpoints(plan->clusters);
  shared_filters_.follow(*plan);
  warm_up_.wait(parts_.warm_up_limit,
                [this, plan, openings = std::move(openings), on_live = std::move(on_live)] {
                  handOver(plan, openings, on_live);
                });
  return true;
}

// Changes the modes of sockets that stay open. Without the setting, a socket keeps its mode.
void Server::changeSocketModes(const proxy::Plan& plan) {
  for (const auto& listener : plan.listeners) {
    Listening& open = listening_[listener->id];
    const bool is_own = open.owner == net::ListenSocket::Owner::kWeir;
    const bool changed =
        is_own && listener->socket_mode && listener->socket_mode != open.socket_mode;
    open.socket_mode = listener->socket_mode;
    if (!changed || net::setSocketMode(open.bound, open.socket_mode->bits)) continue;
    log::warning("listener " + std::string(listener->name) + ": cannot change the mode of " +
                 open.bound.text());
  }
}

void Server::noteCertificates() const {
  for (const auto& listener : plan_->listeners) {
    if (listener->tls == nullptr) continue;
    for (const auto& certificate : listener->tls->certificates().all()) {
      const NameId source = parts_.names.intern(certificate->source());
      parts_.cells.gauge(tls::certificateExpiryKey(source)).set(certificate->notAfter().count());
    }
  }
}

void Server::handOver(const std::shared_ptr<const proxy::Plan>& plan,
                      const std::vector<std::vector<Opening>>& openings,
                      const std::function<void()>& on_live) {
  const std::uint64_t number = ++last_hand_over_;
  hand_overs_[number] = {workers_.size(), on_live};
  const auto tell = [this, number] { parts_.loop.post([this, number] { onWorkerLive(number); }); };
  const Snapshots snapshots = shared_filters_.snapshots();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->publish(plan, openings[i], snapshots, tell);
  }
}

void Server::onWorkerLive(std::uint64_t hand_over) {
  const auto found = hand_overs_.find(hand_over);
  if (--found->second.workers_behind > 0) return;
  const auto on_live = std::move(found->second.on_live);
  hand_overs_.erase(found);
  on_live();
}

std::vector<Server::Bound> Server::listeners() const {
  std::vector<Bound> bound;
  if (plan_ == nullptr) return bound;
  for (const auto& listener : plan_->listeners) {
    const auto open = listening_.find(listener->id);
    if (open == listening_.end()) continue;
    bound.push_back({listener, open->second.bound, parts_.counts.listener(listener->id).value()});
  }
  return bound;
}

void Server::drain(Milliseconds patience, std::function<void(bool complete)> on_done) {
  if (std::exchange(draining_, true)) return;
  parts_.cells.gauge(drainingKey()).set(1);
  on_drained_ = std::move(on_done);
  stations_busy_ = workers_.size();
  drain_timeout_.arm(patience);
  const auto tell = [this] { parts_.loop.post([this] { onStationEmpty(); }); };
  for (auto& worker : workers_) worker->drain(tell);
}

void Server::onStationEmpty() {
  if (--stations_busy_ > 0 || on_drained_ == nullptr) return;
  drain_timeout_.disarm();
  std::exchange(on_drained_, nullptr)(true);
}

void Server::onDrainTimeout() {
  if (on_drained_ != nullptr) std::exchange(on_drained_, nullptr)(false);
}

void Server::stop() {
  if (started_) {
    for (auto& worker : workers_) worker->stop();
  }
  workers_.clear();
}

// Old plans are destroyed here, where a large one does not delay requests.
void Server::onSweep() {
  if (event::memoryExhausted()) returnFreeMemory();
  event::keepMemoryReserve();
  watchMemory();
  if (std::erase_if(history_, [](const auto& plan) { return plan.use_count() == 1; }) > 0) {
    shared_filters_.endUnused();
    returnFreeMemory();
  }
  const std::uint64_t connections = parts_.counts.process().value();
  if (idle_trim_.due(IdleTrim::usage(connections), kSweep)) returnFreeMemory();
  sweep_.arm(kSweep);
}

void Server::addNames(const proxy::Plan& plan, std::unordered_set<NameId>& names) const {
  for (const auto& listener : plan.listeners) {
    names.insert(listener->id);
    if (listener->tls == nullptr) continue;
    for (const auto& certificate : listener->tls->certificates().all()) {
      names.insert(parts_.names.intern(certificate->source()));
    }
  }
  for (const auto& cluster : plan.clusters) names.insert(cluster->id);
  for (const route::Route& route : plan.routes.routes()) names.insert(route.id);
}

std::unordered_set<NameId> Server::namesThatLeft() {
  std::unordered_set<NameId> alive;
  for (const auto& plan : history_) addNames(*plan, alive);
  if (plan_ != nullptr) addNames(*plan_, alive);
  names_seen_.insert(alive.begin(), alive.end());
  std::unordered_set<NameId> left;
  for (const NameId name : names_seen_) {
    if (!alive.contains(name)) left.insert(name);
  }
  return left;
}

void Server::watchMemory() {
  const event::Overload level = parts_.counts.memory().level();
  parts_.cells.gauge(overloadLevelKey()).set(static_cast<std::int64_t>(level));
  if (std::exchange(overload_, level) >= level) return;
  log::warning(level == event::Overload::kResetStreams
                   ? "low on memory: resetting streams of slow clients"
                   : "low on memory: refusing new connections");
}

void Server::refreshRetryBudgets() {
  if (plan_ == nullptr) return;
  for (const auto& cluster : plan_->clusters) {
    const std::uint32_t tokens =
        cluster->retry_tokens->whole(cluster->options.retry_budget, parts_.loop.now());
    parts_.cells.gauge(upstream::retryBudgetTokensKey(cluster->id)).set(tokens);
  }
}

void Server::refreshMetrics() {
  discoveries_.refreshMetrics();
  onSweep();
  refreshRetryBudgets();
  parts_.cells.gauge(configActiveGenerationsKey())
      .set(static_cast<std::int64_t>(history_.size() + (plan_ == nullptr ? 0 : 1)));
}

void Server::askForUse(OnUse on_known) {
  use_waiting_.push_back(std::move(on_known));
  if (use_waiting_.size() > 1) return;
  askWorkers<ClusterUses>(
      [](Worker& worker) { return worker.clusterUses(); },
      [this](const std::vector<ClusterUses>& parts, std::size_t silent) { onUse(parts, silent); });
}

void Server::onUse(const std::vector<ClusterUses>& parts, std::size_t silent) {
  ClusterUses uses;
  for (const ClusterUses& part : parts) addUses(part, uses);
  const auto waiting = std::exchange(use_waiting_, {});
  for (const OnUse& each : waiting) each(uses, silent);
}

}  // namespace weir::server
