#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/metric_cells.h"
#include "core/event/loop.h"
#include "mesh/discovery/retry_pause.h"
#include "mesh/register/metrics.h"
#include "mesh/register/registry_client.h"

namespace weir::mesh::registering {

// Keeps one instance registered: renews it three times within its TTL, registers it again when it
// was lost, and retries after failures.
class Registration final : public event::Disposable {
 public:
  static constexpr Milliseconds kRemoval{2'000};  // time limit

  struct Tools {
    event::Loop& loop;
    MetricCells& cells;
    NameId service;
    RegistryKind kind;
  };
  Registration(const Tools& tools, const Instance& instance,
               std::unique_ptr<RegistryClient> registry);
  ~Registration() override;
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  void start();
  // Takes the instance out. `done` is called once, within kRemoval, never from within remove();
  // the registration must outlive the turn.
  void remove(std::function<void()> done);
  const Instance& instance() const { return instance_; }
  bool registered() const { return registered_; }

 private:
  void add();
  void renew();
  void onAdded(const RegistryClient::Answer& answer);
  void onRenewed(const RegistryClient::Answer& answer);
  void onRemoved(const RegistryClient::Answer& answer);
  void retry(const std::string& why);
  void onTime();
  void endRemoval();
  void setRegistered(bool registered);
  void count(RegistrationResult result);
  std::string title() const;

  const Tools tools_;
  const Instance instance_;
  RetryPause pause_;
  bool registered_ = false;
  bool adding_ = false;          // an answer to add() is awaited
  Milliseconds known_until_{0};  // while registered_
  std::string failure_;          // the latest, until a success
  std::function<void()> on_removed_;
  event::Alarm<Registration, &Registration::onTime> time_;
  std::unique_ptr<RegistryClient> registry_;  // ends first
};

}  // namespace weir::mesh::registering
