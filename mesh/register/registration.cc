#include "mesh/register/registration.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"

namespace weir::mesh::registering {

using Answer = RegistryClient::Answer;
using State = RegistryClient::State;

Registration::Registration(const Tools& tools, const Instance& instance,
                           std::unique_ptr<RegistryClient> registry)
    : tools_(tools),
      instance_(instance),
      time_(tools.loop.wheel(), *this),
      registry_(std::move(registry)) {}

Registration::~Registration() { setRegistered(false); }

void Registration::start() { add(); }

void Registration::add() {
  adding_ = true;
  registry_->add([this](const Answer& answer) { onAdded(answer); });
}

void Registration::renew() {
  registry_->renew([this](const Answer& answer) { onRenewed(answer); });
}

void Registration::onAdded(const Answer& answer) {
  adding_ = false;
  if (answer.state != State::kDone) return retry(answer.why);
  count(RegistrationResult::kRegistered);
  log::info(title() + ": registered as " + instance_.id + " at " + instance_.address.text());
  setRegistered(true);
}

void Registration::onRenewed(const Answer& answer) {
  if (answer.state == State::kFailed) return retry(answer.why);
  if (answer.state == State::kDone) return setRegistered(true);
  count(RegistrationResult::kLost);
  log::warning(title() + ": the registry has lost the registration");
  setRegistered(false);
  add();
}

// A renewal that fails leaves the instance registered until its TTL ends.
void Registration::retry(const std::string& why) {
  count(RegistrationResult::kFailed);
  if (failure_ != why) log::warning(title() + ": " + why);
  failure_ = why;
  const Milliseconds now = tools_.loop.now();
  if (registered_ && now >= known_until_) {
    count(RegistrationResult::kLost);
    setRegistered(false);
  }
  time_.arm(std::max(pause_.next(), event::Wheel::kTick));
}

void Registration::onTime() {
  if (on_removed_ != nullptr) return endRemoval();
  registered_ ? renew() : add();
}

void Registration::setRegistered(bool registered) {
  const bool before = std::exchange(registered_, registered);
  if (before != registered) {
    tools_.cells.gauge(registeredKey(tools_.service, tools_.kind)).add(registered ? 1 : -1);
  }
  if (!registered) return;
  failure_.clear();
  pause_.reset();
  known_until_ = tools_.loop.now() + registry_->ttl();
  time_.arm(registry_->ttl() / 3);
}

void Registration::remove(std::function<void()> done) {
  on_removed_ = std::move(done);
  if (!registered_ && !adding_) return time_.arm(Milliseconds(0));  // there is nothing to remove
  time_.arm(kRemoval);
  registry_->remove([this](const Answer& answer) { onRemoved(answer); });
}

void Registration::onRemoved(const Answer& answer) {
  if (answer.state == State::kDone) {
    count(RegistrationResult::kRemoved);
    log::info(title() + ": removed");
  } else {
    count(RegistrationResult::kFailed);
    log::warning(title() + ": cannot be removed: " + answer.why);
  }
  endRemoval();
}

void Registration::endRemoval() {
  time_.disarm();
  setRegistered(false);
  const auto done = std::exchange(on_removed_, nullptr);
  if (done != nullptr) done();
}

void Registration::count(RegistrationResult result) {
  tools_.cells.counter(registrationsKey(tools_.service, tools_.kind, result)).add();
}

std::string Registration::title() const {
  return "register " + instance_.service + " (" +
         std::string(kRegistryWords[static_cast<std::size_t>(tools_.kind)]) + ")";
}

}  // namespace weir::mesh::registering
