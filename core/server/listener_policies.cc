#include "core/server/listener_policies.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/authz/rule.h"
#include "core/config/suggestion.h"

namespace weir::server {
namespace {

using authz::Action;
using authz::Policy;
using authz::Rule;

std::string pathOf(std::size_t rule) { return "authorize[" + std::to_string(rule) + "]"; }

// Examines one policy together with the listeners to which it applies.
class PolicyWarnings {
 public:
  PolicyWarnings(const Rule& rule, const proxy::Plan& plan) : policy_(rule.policy) {
    for (const auto& each : plan.listeners) {
      if (rule.appliesTo(each->name)) listeners_.push_back(each.get());
    }
  }

  // What is wrong; empty if nothing is.
  std::string find() const {
    if (listeners_.empty()) return "applies to no listener";
    if (policy_.from.readsIdentity() && !any(&PolicyWarnings::knowsIdentities)) {
      return "cannot match: no listener to which it applies verifies client certificates";
    }
    if (!identitiesOf().empty() && !any(&PolicyWarnings::admitsIdentity)) {
      return "cannot match: no listener to which it applies admits such identities "
             "(tls.client_names)";
    }
    if (!any(&PolicyWarnings::hasPort)) {
      return "cannot match: no listener to which it applies has such a port";
    }
    return findAboutHttp();
  }

 private:
  using Property = bool (PolicyWarnings::*)(const proxy::ListenerPlan& listener) const;

  bool any(Property property) const {
    return std::ranges::any_of(
        listeners_, [&](const proxy::ListenerPlan* each) { return (this->*property)(*each); });
  }
  const std::vector<authz::SegmentPattern>& identitiesOf() const { return policy_.from.identities; }
  bool knowsIdentities(const proxy::ListenerPlan& listener) const {
    (void)*this;
    return listener.tls != nullptr && listener.tls->options().clients != nullptr;
  }
  bool admitsIdentity(const proxy::ListenerPlan& listener) const {
    if (!knowsIdentities(listener)) return false;
    const tls::SanMatcher& names = listener.tls->options().clients->names();
    if (names.empty()) return true;
    return std::ranges::any_of(identitiesOf(), [&](const authz::SegmentPattern& each) {
      tls::Names certificate;
      certificate.uris = {each.text()};
      return !each.isExact() || names.match(certificate).has_value();
    });
  }
  bool hasPort(const proxy::ListenerPlan& listener) const {
    const std::uint16_t port = listener.address.port();
    const auto& ports = policy_.to.ports;
    return ports.empty() || port == 0 || std::ranges::find(ports, port) != ports.end();
  }
  bool forwardsBytes(const proxy::ListenerPlan& listener) const {
    (void)*this;
    return listener.tcp;
  }

  std::string findAboutHttp() const {
    const bool needs_request = policy_.to.readsRequest() || !policy_.headers.empty();
    if (!needs_request || !any(&PolicyWarnings::forwardsBytes)) return {};
    if (policy_.action == Action::kDeny) {
      return "is about HTTP, and denies every connection of a listener for TCP that its other "
             "settings match";
    }
    const bool all = std::ranges::all_of(listeners_, [](const auto* each) { return each->tcp; });
    return all ? "cannot match: it is about HTTP, and applies only to listeners for TCP" : "";
  }

  const Policy& policy_;
  std::vector<const proxy::ListenerPlan*> listeners_;
};

void checkListeners(const Rule& rule, const std::string& path,
                    const std::vector<std::string_view>& known, config::Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < rule.listeners.size(); ++i) {
    const route::PlacedText& each = rule.listeners[i];
    if (std::ranges::find(known, each.text) != known.end()) continue;
    diagnostics.add({each.location, path + ".listeners[" + std::to_string(i) + "]",
                     "there is no listener \"" + each.text + "\"",
                     std::string(config::closestWord(each.text, known))});
  }
}

}  // namespace

authz::SharedPolicies policiesFor(const Settings& settings, const proxy::ListenerPlan& listener,
                                  const proxy::Plan* previous, NameTable& names) {
  std::vector<Policy> policies;
  for (const Rule& rule : settings.authorize) {
    if (!rule.appliesTo(listener.name)) continue;
    policies.push_back(rule.policy);
    policies.back().id = names.intern(rule.policy.name);
  }
  if (policies.empty()) return nullptr;
  if (previous != nullptr) {
    const auto before = std::ranges::find_if(
        previous->listeners, [&](const auto& each) { return each->id == listener.id; });
    const bool unchanged = before != previous->listeners.end() && (*before)->authorize != nullptr &&
                           (*before)->authorize->policies() == policies;
    if (unchanged) return (*before)->authorize;
  }
  return std::make_shared<const authz::PolicySet>(std::move(policies));
}

void checkPolicies(const Settings& settings, config::Diagnostics& diagnostics) {
  std::vector<std::string_view> known;
  for (const auto& listener : settings.listeners) known.push_back(listener.name);
  std::unordered_set<std::string_view> names;
  for (std::size_t i = 0; i < settings.authorize.size(); ++i) {
    const Rule& rule = settings.authorize[i];
    if (!rule.origin.clean) continue;
    if (!names.insert(rule.policy.name).second) {
      diagnostics.add(
          {rule.origin.location, pathOf(i) + ".name", "another policy has the same name", {}});
    }
    checkListeners(rule, pathOf(i), known, diagnostics);
  }
}

void warnOfPolicies(const Settings& settings, const proxy::Plan& plan,
                    config::Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < settings.authorize.size(); ++i) {
    const Rule& rule = settings.authorize[i];
    std::string what = PolicyWarnings(rule, plan).find();
    if (what.empty()) continue;
    diagnostics.warn({rule.origin.location,
                      pathOf(i),
                      "the policy \"" + rule.policy.name + "\" " + std::move(what),
                      {}});
  }
}

}  // namespace weir::server
