#include "core/server/worker.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/event/metrics.h"
#include "core/proxy/exchange.h"

namespace weir::server {

Worker::Worker(unsigned index, Counts& counts, NameTable& names, event::Loop::Handle loop)
    : counts_(counts),
      worker_("weir-" + std::to_string(index), std::move(loop)),
      loop_lag_(
          cells_.histogram(event::loopLagKey(names.intern("worker-" + std::to_string(index))))),
      drain_tick_(worker_.loop().wheel(), *this) {}

Worker::~Worker() = default;

void Worker::start(Recorders recorders, bool details) {
  recorders_ = std::move(recorders);
  worker_.start();
  worker_.call([this, details] { onStart(details); });
}

void Worker::onStart(bool details) {
  event::Loop& loop = worker_.loop();
  loop.setBudget(counts_.memory());
  connector_ = std::make_unique<net::TcpConnector>(loop);
  engine_ = std::make_unique<proxy::Engine>(
      proxy::Engine::Tools{loop, *connector_, cells_, sizeof(proxy::Exchange), recorders_.log.get(),
                           recorders_.tracer.get(), details ? &details_ : nullptr});
  loop.setTurnObserver([this](Milliseconds busy) { loop_lag_.observe(busy); });
}

void Worker::setRecorders(Recorders recorders) {
  // A copyable function cannot be the only owner.
  const auto given = std::make_shared<Recorders>(std::move(recorders));
  worker_.post([this, given] {
    engine_->setAccessLog(given->log.get());
    engine_->setTracer(given->tracer.get());
    std::swap(recorders_, *given);
    *given = {};  // the worker, which filled the old ones, closes them
  });
}

void Worker::flushRecorders(std::function<void()> on_done) {
  worker_.post([this, on_done = std::move(on_done)] {
    if (recorders_.log != nullptr) recorders_.log->flush();
    if (recorders_.tracer != nullptr) recorders_.tracer->flush();
    on_done();
  });
}

void Worker::publish(std::shared_ptr<const proxy::Plan> plan, std::vector<Opening> openings,
                     Snapshots snapshots, std::function<void()> on_done) {
  worker_.post([this, plan = std::move(plan), openings = std::move(openings),
                snapshots = std::move(snapshots), on_done = std::move(on_done)]() mutable {
    onPublish(std::move(plan), openings);
    for (auto& [filter, snapshot] : snapshots) engine_->parts().setSnapshot(filter, snapshot);
    on_done();
  });
}

void Worker::onPublish(std::shared_ptr<const proxy::Plan> plan, std::vector<Opening>& openings) {
  const proxy::Plan& now = *plan;
  engine_->setPlan(std::move(plan));
  for (Opening& opening : openings) {
    const proxy::Listener::Counts counts{*opening.connections, counts_.process()};
    auto listener = std::make_unique<proxy::Listener>(*engine_, opening.listener, counts);
    const auto opened = listener->open(
        net::ListenSocket::adopt(opening.descriptor, opening.address, opening.owner));
    if (!opened.ok()) {
      log::error("listener " + std::string(opening.listener->name) +
                 ": a worker cannot accept connections: " + std::string(opened.error().detail));
    }
    auto& current = listeners_[opening.listener->id];
    if (current != nullptr) {
      current->close();
      closing_.push_back(std::move(current));
    }
    current = std::move(listener);
  }
  for (const auto& listener : now.listeners) {
    const auto found = listeners_.find(listener->id);
    if (found != listeners_.end()) found->second->setPlan(listener, now.max_connections);
  }
  closeListeners(now);
}

void Worker::closeListeners(const proxy::Plan& plan) {
  for (auto at = listeners_.begin(); at != listeners_.end();) {
    const bool listed = std::any_of(plan.listeners.begin(), plan.listeners.end(),
                                    [&](const auto& each) { return each->id == at->first; });
    if (listed) {
      ++at;
      continue;
    }
    at->second->close();
    closing_.push_back(std::move(at->second));
    at = listeners_.erase(at);
  }
  std::erase_if(closing_, [](const auto& listener) {
    return listener->closed() && listener->connections() == 0;
  });
}

void Worker::setEndpoints(NameId cluster, upstream::SharedEndpoints endpoints) {
  worker_.post([this, cluster, endpoints = std::move(endpoints)]() mutable {
    engine_->clusters().setEndpoints(cluster, std::move(endpoints));
  });
}

void Worker::setHealth(NameId cluster, upstream::SharedHealth health) {
  worker_.post([this, cluster, health = std::move(health)]() mutable {
    engine_->clusters().setHealth(cluster, std::move(health));
  });
}

void Worker::setSnapshot(filter::MakerId filter, filter::AnySnapshot snapshot) {
  worker_.post([this, filter, snapshot = std::move(snapshot)]() mutable {
    engine_->parts().setSnapshot(filter, std::move(snapshot));
  });
}

ClusterUse Worker::useOf(const upstream::Cluster& cluster) {
  ClusterUse use;
  use.idle_connections = cluster.idle();
  cluster.forEachMember([&](const upstream::Member& member) {
    use.endpoints[member.endpoint.address.text()] = EndpointUse::of(member, worker_.loop().now());
  });
  return use;
}

ClusterUses Worker::clusterUses() {
  ClusterUses uses;
  engine_->clusters().forEach(
      [&](const upstream::Cluster& cluster) { uses[cluster.plan().id] = useOf(cluster); });
  return uses;
}

ClusterUse Worker::clusterUse(NameId id) {
  ClusterUse use;
  engine_->clusters().forEach([&](const upstream::Cluster& cluster) {
    if (cluster.plan().id == id) use = useOf(cluster);
  });
  return use;
}

std::size_t Worker::connections() const {
  std::size_t count = 0;
  for (const auto& [id, listener] : listeners_) count += listener->connections();
  for (const auto& listener : closing_) count += listener->connections();
  return count;
}

void Worker::drain(std::function<void()> on_empty) {
  worker_.post([this, on_empty = std::move(on_empty)]() mutable {
    on_empty_ = std::move(on_empty);
    for (auto& [id, listener] : listeners_) listener->close();
    onDrainTick();
  });
}

bool Worker::drained() const {
  return connections() == 0 && std::all_of(listeners_.begin(), listeners_.end(),
                                           [](const auto& each) { return each.second->closed(); });
}

void Worker::onDrainTick() {
  if (!drained()) return drain_tick_.arm(kDrainTick);
  on_empty_();
}

void Worker::stop() {
  worker_.call([this] { onStop(); });
  worker_.stopAndJoin();
}

void Worker::onStop() {
  drain_tick_.disarm();
  worker_.loop().setTurnObserver(nullptr);
  listeners_.clear();
  closing_.clear();
  engine_ = nullptr;
  connector_ = nullptr;
  recorders_ = {};
}

}  // namespace weir::server
