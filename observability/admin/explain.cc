#include "observability/admin/explain.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <variant>

#include "core/http/syntax.h"
#include "core/net/address.h"
#include "core/proxy/admission.h"
#include "core/proxy/forwarded.h"
#include "core/proxy/plan.h"
#include "core/route/variables.h"

namespace weir::admin {
namespace {

constexpr std::size_t kArenaBlock = 4096;
constexpr std::size_t kOthersShown = 50;

const proxy::ListenerPlan* findListener(const proxy::Plan& plan, std::string_view name) {
  for (const auto& listener : plan.listeners) {
    if (name.empty() || listener->name == name) return listener.get();
  }
  return nullptr;
}

// Fills the request like a codec. Its texts refer to the query.
void fillRequest(const ExplainQuery& query, http::Request& request) {
  const std::string_view target = query.path;
  const std::size_t mark = std::min(target.find('?'), target.size());
  request.method_text = query.method;
  request.method = http::methodOf(query.method);
  request.authority = query.host;
  request.path = target.substr(0, mark);
  request.has_query = mark < target.size();
  if (request.has_query) request.query = target.substr(mark + 1);
  for (const auto& [name, value] : query.headers) request.headers.add(name, value);
}

std::string clusterName(const proxy::Plan& plan, NameId id) {
  const auto* cluster = plan.cluster(id);
  return cluster == nullptr ? "a removed upstream" : std::string((*cluster)->name);
}

std::string forwardText(const route::Forward& forward, const proxy::Plan& plan) {
  const std::vector<route::Target>& targets = forward.targets();
  if (targets.size() == 1) return "forward to " + clusterName(plan, targets.front().cluster);
  std::string text = "split";
  std::uint64_t before = 0;
  for (const route::Target& target : targets) {
    text += &target == &targets.front() ? " " : ", ";
    text += clusterName(plan, target.cluster) + " " + std::to_string(target.weight_end - before);
    before = target.weight_end;
  }
  return text;
}

std::string actionText(const route::Action& action, const proxy::Plan& plan) {
  if (const auto* redirect = std::get_if<std::unique_ptr<const route::Redirect>>(&action)) {
    return "redirect with " + std::to_string((*redirect)->status());
  }
  if (const auto* respond = std::get_if<std::unique_ptr<const route::Respond>>(&action)) {
    return "respond with " + std::to_string((*respond)->status);
  }
  return forwardText(std::get<route::Forward>(action), plan);
}

Explanation mistaken(std::string what) {
  Explanation explanation;
  explanation.mistake = std::move(what);
  return explanation;
}

// Returns the route taken, or null.
const route::Route* explainRoutes(const http::Request& request, const route::Source& source,
                                  const proxy::Plan& plan, Explanation& explanation) {
  const route::Route* taken = nullptr;
  for (route::Considered& one : plan.routes.explain(request, source, kOthersShown)) {
    explanation.routes.push_back({std::string(one.route->name), std::string(toString(one.outcome)),
                                  std::move(one.match), actionText(one.route->action, plan),
                                  std::move(one.why)});
    if (one.outcome == route::Considered::Outcome::kTaken) taken = one.route;
  }
  return taken;
}

}  // namespace

Explanation explainRequest(const ExplainQuery& query, const proxy::Plan& plan) {
  const proxy::ListenerPlan* listener = findListener(plan, query.listener);
  if (listener == nullptr) return mistaken("there is no listener \"" + query.listener + "\"");
  net::Ip peer;
  if (!query.source.empty()) {
    const auto ip = net::Ip::parse(query.source);
    if (!ip.ok()) return mistaken("\"" + query.source + "\" is not an IP address");
    peer = ip.value();
  }
  if (!query.path.starts_with('/') && query.path != "*") {
    return mistaken("the path must begin with a slash");
  }

  BlockPool pool(kArenaBlock);
  Arena arena(pool);
  http::Request request(arena);
  fillRequest(query, request);
  Explanation explanation;
  explanation.listener = listener->name;
  const proxy::Peer hop{peer, listener->tls == nullptr ? "http" : "https"};
  const proxy::Downstream downstream = proxy::findDownstream(request, *listener, hop);
  request.scheme = downstream.scheme;
  const auto refusal =
      proxy::admit(request, *listener, nullptr, downstream.trusted_peer, plan.filter_fields);
  explanation.path = request.path;
  if (refusal) {
    explanation.refusal = refusal->detail;
    return explanation;
  }
  proxy::addForwardedHeaders(request, *listener, hop, downstream);
  if (listener->https_redirect != nullptr && request.scheme == "http") {
    explanation.refusal = "redirected to https by redirect_to_https of the listener";
    return explanation;
  }
  route::ExchangeVariables variables;
  variables.request = &request;
  variables.client_address = downstream.address;
  listener->request_rules.apply(request.headers, variables);
  const route::Route* const taken =
      explainRoutes(request, {listener->id, {downstream.ip.bytes()}}, plan, explanation);
  if (taken == nullptr) return explanation;
  const std::string_view received = std::string_view{query.path}.substr(0, query.path.find('?'));
  if (const auto kept_out = proxy::admitPath(request, *listener, *taken, received)) {
    explanation.refusal = kept_out->detail;
  }
  explanation.path = request.path;
  return explanation;
}

}  // namespace weir::admin
