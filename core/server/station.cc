#include "core/server/station.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/base/metric_keys.h"

namespace weir::server {

Station::Station(unsigned index, Counts& counts, NameTable& names, event::Loop::Handle loop)
    : counts_(counts),
      worker_("weir-" + std::to_string(index), std::move(loop)),
      loop_lag_(cells_.histogram(loopLagKey(names.intern("worker-" + std::to_string(index))))),
      drain_tick_(worker_.loop().wheel(), *this) {}

Station::~Station() = default;

void Station::start(std::unique_ptr<http::AccessLog> log) {
  log_ = std::move(log);
  worker_.start();
  worker_.call([this] { onStart(); });
}

void Station::onStart() {
  event::Loop& loop = worker_.loop();
  loop.setBudget(counts_.memory());
  connector_ = std::make_unique<net::TcpConnector>(loop);
  engine_ =
      std::make_unique<proxy::Engine>(proxy::Engine::Tools{loop, *connector_, cells_, log_.get()});
  loop.setTurnObserver([this](Milliseconds busy) { loop_lag_.observe(busy); });
}

void Station::setAccessLog(std::unique_ptr<http::AccessLog> log) {
  // A function that can be copied cannot own it alone.
  const auto given = std::make_shared<std::unique_ptr<http::AccessLog>>(std::move(log));
  worker_.post([this, given] {
    engine_->setAccessLog(given->get());
    std::swap(log_, *given);
    *given = nullptr;  // the old one is closed by the thread that filled it
  });
}

void Station::publish(std::shared_ptr<const proxy::Plan> plan, std::vector<Opening> openings,
                      std::function<void()> on_done) {
  worker_.post([this, plan = std::move(plan), openings = std::move(openings),
                on_done = std::move(on_done)]() mutable {
    onPublish(std::move(plan), openings);
    on_done();
  });
}

void Station::onPublish(std::shared_ptr<const proxy::Plan> plan, std::vector<Opening>& openings) {
  const proxy::Plan& now = *plan;
  engine_->setPlan(std::move(plan));
  for (Opening& opening : openings) {
    const proxy::Gate::Counts counts{*opening.connections, counts_.process()};
    auto gate = std::make_unique<proxy::Gate>(*engine_, opening.listener, counts);
    const auto opened = gate->open(net::ListenSocket::adopt(opening.descriptor, opening.address));
    if (!opened.ok()) {
      log::error("listener " + std::string(opening.listener->name) +
                 ": a worker cannot accept connections: " + std::string(opened.error().detail));
    }
    auto& place = gates_[opening.listener->id];
    if (place != nullptr) {
      place->close();
      closing_.push_back(std::move(place));
    }
    place = std::move(gate);
  }
  for (const auto& listener : now.listeners) {
    const auto found = gates_.find(listener->id);
    if (found != gates_.end()) found->second->setPlan(listener, now.max_connections);
  }
  closeGates(now);
}

void Station::closeGates(const proxy::Plan& plan) {
  for (auto at = gates_.begin(); at != gates_.end();) {
    const bool listed = std::any_of(plan.listeners.begin(), plan.listeners.end(),
                                    [&](const auto& each) { return each->id == at->first; });
    if (listed) {
      ++at;
      continue;
    }
    at->second->close();
    closing_.push_back(std::move(at->second));
    at = gates_.erase(at);
  }
  std::erase_if(closing_,
                [](const auto& gate) { return gate->closed() && gate->connections() == 0; });
}

void Station::setEndpoints(NameId cluster, upstream::SharedEndpoints endpoints) {
  worker_.post([this, cluster, endpoints = std::move(endpoints)]() mutable {
    engine_->setEndpoints(cluster, std::move(endpoints));
  });
}

ClusterUses Station::clusterUses() {
  ClusterUses uses;
  engine_->forEachCluster([&](const upstream::Cluster& cluster) {
    ClusterUse& use = uses[cluster.plan().id];
    use.idle_connections = cluster.idle();
    cluster.forEachMember([&](const upstream::Member& member) {
      use.in_flight[member.endpoint.address.text()] = member.in_flight;
    });
  });
  return uses;
}

std::size_t Station::connections() const {
  std::size_t count = 0;
  for (const auto& [id, gate] : gates_) count += gate->connections();
  for (const auto& gate : closing_) count += gate->connections();
  return count;
}

void Station::drain(std::function<void()> on_empty) {
  worker_.post([this, on_empty = std::move(on_empty)]() mutable {
    on_empty_ = std::move(on_empty);
    for (auto& [id, gate] : gates_) gate->close();
    onDrainTick();
  });
}

bool Station::drained() const {
  return connections() == 0 && std::all_of(gates_.begin(), gates_.end(),
                                           [](const auto& each) { return each.second->closed(); });
}

void Station::onDrainTick() {
  if (!drained()) return drain_tick_.arm(kDrainTick);
  on_empty_();
}

void Station::stop() {
  worker_.call([this] { onStop(); });
  worker_.stopAndJoin();
}

void Station::onStop() {
  drain_tick_.disarm();
  worker_.loop().setTurnObserver(nullptr);
  gates_.clear();
  closing_.clear();
  engine_ = nullptr;
  connector_ = nullptr;
  log_ = nullptr;
}

}  // namespace weir::server
