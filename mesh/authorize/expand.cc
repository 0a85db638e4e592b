#include "mesh/authorize/expand.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/authz/rule.h"
#include "core/base/check.h"
#include "core/proxy/listener_options.h"
#include "mesh/sidecar/expand.h"

namespace weir::mesh {
namespace {

using authz::Rule;

const proxy::ListenerOptions* findListener(const server::Settings& settings,
                                           std::string_view name) {
  const auto found = std::ranges::find(settings.listeners, name, &proxy::ListenerOptions::name);
  return found == settings.listeners.end() ? nullptr : &*found;
}

void scopeRules(server::Settings& settings) {
  if (findListener(settings, kOutbound) == nullptr) return;
  for (Rule& rule : settings.authorize) {
    if (!rule.listeners.empty()) continue;
    for (const proxy::ListenerOptions& listener : settings.listeners) {
      if (listener.name == kOutbound) continue;
      rule.listeners.push_back({listener.name, rule.origin.location});
    }
  }
}

bool allowsInbound(const server::Settings& settings) {
  return std::ranges::any_of(settings.authorize, [](const Rule& rule) {
    return rule.policy.action == authz::Action::kAllow && rule.policy.isEnforced() &&
           rule.appliesTo(kInbound);
  });
}

Rule allowRule(std::string_view name, const proxy::ListenerOptions& inbound) {
  Rule rule;
  rule.policy.name = name;
  rule.policy.action = authz::Action::kAllow;
  rule.listeners = {{std::string(kInbound), inbound.origin.location}};
  rule.origin.location = inbound.origin.location;
  return rule;
}

authz::SegmentPattern patternOf(const std::string& text) {
  const auto pattern = authz::SegmentPattern::parse(text);
  WEIR_CHECK(pattern.has_value());
  return *pattern;
}

// Adds the policies of a sidecar for which none was written.
void addDefault(const std::string& domain, server::Settings& settings) {
  const proxy::ListenerOptions* const inbound = findListener(settings, kInbound);
  if (inbound == nullptr || !inbound->tls_options || allowsInbound(settings)) return;
  const tls::ServerOptions& tls = *inbound->tls_options;
  if (tls.client_names == std::vector<std::string>{domain}) return;
  Rule same = allowRule(kSameTrustDomain, *inbound);
  same.policy.from.identities = {patternOf(domain + "*")};
  settings.authorize.push_back(std::move(same));
  if (tls.plaintext == tls::Plaintext::kRefuse) return;
  Rule clear = allowRule(kPlaintext, *inbound);
  clear.policy.from.not_identities = {patternOf("spiffe://*/**")};
  settings.authorize.push_back(std::move(clear));
}

}  // namespace

void expandAuthorize(const std::string& domain, server::Settings& settings) {
  scopeRules(settings);
  if (!domain.empty()) addDefault(domain, settings);
}

}  // namespace weir::mesh
