#include "mesh/register/registrations.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/net/local_address.h"

namespace weir::mesh {
namespace {

using registering::Instance;
using registering::Registration;
using registering::RegistryKind;

constexpr std::string_view kSidecarListener = "inbound";

const BoundListener* listenerFor(const RegisterSettings& settings,
                                 const std::vector<BoundListener>& listeners, std::string& why) {
  const auto named = [&](std::string_view name) {
    const auto found = std::find_if(listeners.begin(), listeners.end(),
                                    [&](const auto& each) { return each.name == name; });
    return found == listeners.end() ? nullptr : &*found;
  };
  const BoundListener* found =
      named(settings.listener.empty() ? kSidecarListener : settings.listener);
  if (found == nullptr && settings.listener.empty() && listeners.size() == 1) {
    found = &listeners.front();
  }
  if (found != nullptr) return found;
  why = settings.listener.empty() ? "there are several listeners: set listener or address"
                                  : "there is no listener \"" + settings.listener + "\"";
  return nullptr;
}

Instance instanceOf(const RegisterSettings& settings, const net::Address& address) {
  const std::string id =
      settings.id.empty() ? settings.service + "-" + address.text() : settings.id;
  return {settings.service, id,
          address,          settings.weight,
          settings.zone,    {settings.metadata.begin(), settings.metadata.end()}};
}

}  // namespace

std::optional<net::Address> registeredAddress(const RegisterSettings& settings,
                                              const std::vector<BoundListener>& listeners,
                                              std::optional<IpAddress> machine, std::string& why) {
  if (settings.address) {
    const auto ip = IpAddress::parse(settings.address->host);
    if (ip.ok()) return net::Address(ip.value(), settings.address->port);
  }
  const BoundListener* const listener = listenerFor(settings, listeners, why);
  if (listener == nullptr) return std::nullopt;
  const net::Address& bound = listener->address;
  if (bound.isUnix()) {
    why = "listener \"" + listener->name + "\" is a Unix socket: set address";
    return std::nullopt;
  }
  const bool everywhere = bound.ip() == IpAddress() || bound.ip() == IpAddress::v4({0, 0, 0, 0});
  if (!everywhere) return bound;
  if (machine) return net::Address(*machine, bound.port());
  why = "the machine has no address but loopback: set address";
  return std::nullopt;
}

Registrations::~Registrations() = default;

void Registrations::follow(const std::vector<RegisterSettings>& settings,
                           const std::vector<BoundListener>& listeners) {
  if (on_removed_ != nullptr) return;
  pending_ = wanted(settings, listeners);
  std::vector<Running> kept;
  for (Running& each : running_) {
    const auto same = std::find_if(pending_.begin(), pending_.end(), [&](const Running& other) {
      return other.settings == each.settings &&
             other.registration->instance() == each.registration->instance();
    });
    if (same == pending_.end()) {
      take(each);
    } else {
      pending_.erase(same);
      kept.push_back(std::move(each));
    }
  }
  running_ = std::move(kept);
  startPending();
}

std::vector<Registrations::Running> Registrations::wanted(
    const std::vector<RegisterSettings>& settings, const std::vector<BoundListener>& listeners) {
  std::vector<Running> made;
  for (const RegisterSettings& each : settings) {
    std::string why;
    const auto address = registeredAddress(each, listeners, net::machineAddress(), why);
    if (address) {
      made.push_back(make(each, *address));
    } else {
      log::error("register " + each.service + ": " + why);
    }
  }
  return made;
}

Registrations::Running Registrations::make(const RegisterSettings& settings,
                                           const net::Address& address) const {
  const Instance instance = instanceOf(settings, address);
  const NameId upstream = tools_.names.intern(settings.server().upstreamName());
  auto registry =
      settings.etcd
          ? registering::makeEtcdRegistry(tools_.client, upstream, *settings.etcd, instance)
          : registering::makeConsulRegistry(tools_.client, upstream, *settings.consul, instance);
  const RegistryKind kind = settings.etcd ? RegistryKind::kEtcd : RegistryKind::kConsul;
  const Registration::Tools tools{tools_.loop, tools_.cells, tools_.names.intern(settings.service),
                                  kind};
  return {settings, std::make_unique<Registration>(tools, instance, std::move(registry))};
}

void Registrations::take(Running& running) {
  Registration* const registration = running.registration.get();
  if (registration->registered()) delay_ = std::max(delay_, running.settings.deregister_delay);
  leaving_.push_back(std::move(running.registration));
  registration->remove([this, registration] { onTaken(registration); });
}

void Registrations::onTaken(const Registration* registration) {
  const auto found = std::find_if(leaving_.begin(), leaving_.end(),
                                  [&](const auto& each) { return each.get() == registration; });
  tools_.loop.destroyLater(std::move(*found));
  leaving_.erase(found);
  startPending();
  tellRemoved();
}

void Registrations::startPending() {
  if (!leaving_.empty()) return;
  for (Running& each : pending_) {
    each.registration->start();
    running_.push_back(std::move(each));
  }
  pending_.clear();
}

void Registrations::removeAll(std::function<void(Milliseconds delay)> done) {
  delay_ = Milliseconds(0);
  pending_.clear();
  on_removed_ = std::move(done);
  for (Running& each : running_) take(each);
  running_.clear();
  tellRemoved();
}

void Registrations::tellRemoved() {
  if (on_removed_ == nullptr || !leaving_.empty()) return;
  const auto done = std::exchange(on_removed_, [](Milliseconds) {});  // follow() has no effect
  done(delay_);
}

}  // namespace weir::mesh
