#include "observability/admin/explain.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/reason.h"
#include "core/filter/chain.h"
#include "core/http/facts.h"
#include "core/http/status.h"
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

bool fits(const proxy::ListenerPlan& listener, const ExplainQuery& query) {
  if (!query.listener.empty()) return listener.name == query.listener;
  if (query.scheme.empty()) return true;
  return query.scheme == "https" ? listener.tls != nullptr : listener.servesPlaintext();
}

// The listener of that name; otherwise one with the scheme and, if there is one, the port of the
// URL; otherwise the first, which may be behind something that ends TLS or translates ports.
const proxy::ListenerPlan* findListener(const proxy::Plan& plan, const ExplainQuery& query) {
  const proxy::ListenerPlan* best = nullptr;
  for (const auto& listener : plan.listeners) {
    if (listener->tcp && query.listener.empty()) continue;
    if (!fits(*listener, query)) continue;
    if (best == nullptr) best = listener.get();
    if (query.port != 0 && listener->address.port() == query.port) return listener.get();
  }
  if (best != nullptr || !query.listener.empty()) return best;
  const auto first =
      std::ranges::find_if(plan.listeners, [](const auto& each) { return !each->tcp; });
  return first == plan.listeners.end() ? nullptr : first->get();
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

// A filter of the listener may be part of the route's chain.
std::string scopeOf(const filter::Link& link, const route::Route* route) {
  return link.of_listener || route == nullptr ? "listener" : "route";
}

std::string wordOf(filter::Finding::Outcome outcome) {
  switch (outcome) {
    case filter::Finding::Outcome::kProceeds:
      return "proceeds";
    case filter::Finding::Outcome::kReplies:
      return "replies";
    case filter::Finding::Outcome::kDepends:
      return "depends";
  }
  return {};
}

// Follows one request through the plan, with the functions that serve requests.
class Explainer {
 public:
  Explainer(const ExplainQuery& query, const proxy::Plan& plan, const proxy::ListenerPlan& listener,
            const IpAddress& peer);

  Explanation run();

 private:
  bool passListener();
  bool passRoutes();
  bool findRoute();
  const filter::Chain* chainOfRoute() const;
  bool passFilters(const filter::Chain* chain);
  ExplainedFilter ask(const filter::Link& link);
  void beginView();
  void act();
  bool refuse(const proxy::Refusal& refusal);
  void note(std::string kind, int status, std::string detail);
  std::string_view receivedPath() const {
    return std::string_view{query_.path}.substr(0, query_.path.find('?'));
  }

  const ExplainQuery& query_;
  const proxy::Plan& plan_;
  const proxy::ListenerPlan& listener_;
  BlockPool pool_{kArenaBlock};
  Arena arena_{pool_};
  http::Request request_{arena_};
  const proxy::Peer hop_;
  proxy::Downstream downstream_;
  std::vector<std::string_view> groups_;
  std::vector<std::string_view> scopes_;
  std::optional<http::ExchangeView> view_;  // once the listener has admitted the request
  const route::Route* route_ = nullptr;
  Explanation explanation_;
};

std::string_view schemeOf(const proxy::ListenerPlan& listener, const ExplainQuery& query) {
  const bool plain =
      listener.tls == nullptr || (listener.allow_plaintext && query.scheme == "http");
  return plain ? "http" : "https";
}

Explainer::Explainer(const ExplainQuery& query, const proxy::Plan& plan,
                     const proxy::ListenerPlan& listener, const IpAddress& peer)
    : query_(query),
      plan_(plan),
      listener_(listener),
      hop_{peer, schemeOf(listener, query)},
      groups_(query.groups.begin(), query.groups.end()),
      scopes_(query.scopes.begin(), query.scopes.end()) {
  fillRequest(query, request_);
  explanation_.listener = listener.name;
}

Explanation Explainer::run() {
  if (passListener() && passRoutes()) act();
  return std::move(explanation_);
}

bool Explainer::refuse(const proxy::Refusal& refusal) {
  explanation_.refusal = refusal.detail;
  note("refused", refusal.status, std::string(refusal.detail));
  explanation_.outcome.reason = toString(refusal.reason);
  return false;
}

void Explainer::note(std::string kind, int status, std::string detail) {
  explanation_.outcome = {std::move(kind), status, {}, std::move(detail), {}};
}

// What happens before a route is looked up.
bool Explainer::passListener() {
  downstream_ = proxy::findDownstream(request_, listener_, hop_);
  request_.scheme = downstream_.scheme;
  const auto refusal =
      proxy::admit(request_, listener_, nullptr, downstream_.trusted_peer, plan_.filter_fields);
  explanation_.path = request_.path;
  if (refusal) return refuse(*refusal);
  proxy::addForwardedHeaders(request_, listener_, hop_, downstream_);
  if (listener_.https_redirect != nullptr && request_.scheme == "http") {
    explanation_.refusal = "redirected to https by redirect_to_https of the listener";
    note("redirect", listener_.https_redirect->status(), explanation_.refusal);
    return false;
  }
  route::ExchangeVariables variables;
  variables.request = &request_;
  variables.client_address = downstream_.address;
  variables.client_identity = query_.caller;
  listener_.request_rules.apply(request_.headers, variables);
  beginView();
  return passFilters(listener_.early_filters.get());
}

// The facts that filters see.
void Explainer::beginView() {
  http::ExchangeRecord record;
  record.method = request_.method;
  record.has_query = request_.has_query;
  record.method_text = request_.method_text;
  record.scheme = request_.scheme;
  record.authority = downstream_.host.empty() ? request_.authority : downstream_.host;
  record.path = receivedPath();
  record.normalized_path = request_.path;
  record.query = request_.query;
  record.client_address = downstream_.address;
  record.listener = listener_.name;
  record.server_port = listener_.address.port();
  record.request_headers = &request_.headers;
  record.tls = hop_.scheme == "https";
  if (record.tls) record.server_name = http::hostOf(record.authority);
  const bool certified = query_.caller.starts_with("spiffe://");
  if (certified) record.client_identity = record.client_subject = query_.caller;
  view_.emplace(record);
  if (query_.caller.empty()) return;
  http::Principal& principal = view_->principal;
  principal.method = certified ? "mtls" : "assumed";
  principal.subject = query_.caller;
  if (!certified) principal.consumer = query_.caller;
  principal.groups = groups_;
  principal.scopes = scopes_;
}

bool Explainer::passRoutes() {
  if (!findRoute()) {
    if (!passFilters(listener_.filters_without_route.get())) return false;
    note("no_route", http::statusFor(Reason::kNoRoute), "no route matches");
    explanation_.outcome.reason = toString(Reason::kNoRoute);
    return false;
  }
  const auto kept_out = proxy::admitPath(request_, listener_, *route_, receivedPath());
  explanation_.path = request_.path;
  if (kept_out) return refuse(*kept_out);
  view_->record.route = route_->name;
  view_->record.normalized_path = request_.path;
  return passFilters(chainOfRoute());
}

bool Explainer::findRoute() {
  const route::Source source{listener_.id, downstream_.ip};
  for (route::Considered& one : plan_.routes.explain(request_, source, kOthersShown)) {
    explanation_.routes.push_back({std::string(one.route->name), std::string(toString(one.outcome)),
                                   std::move(one.match), actionText(one.route->action, plan_),
                                   std::move(one.why)});
    if (one.outcome == route::Considered::Outcome::kTaken) route_ = one.route;
  }
  return route_ != nullptr;
}

const filter::Chain* Explainer::chainOfRoute() const {
  const auto& chains = listener_.route_filters.empty() ? plan_.chains : listener_.route_filters;
  return route_->index < chains.size() ? chains[route_->index].get() : nullptr;
}

// False if a filter replies.
bool Explainer::passFilters(const filter::Chain* chain) {
  if (chain == nullptr) return true;
  bool replied = false;
  for (const filter::Link& link : *chain) {
    if (replied) {
      explanation_.filters.push_back(
          {std::string(link.name), scopeOf(link, route_), "not_reached", {}, {}});
      continue;
    }
    explanation_.filters.push_back(ask(link));
    replied = explanation_.outcome.kind == "refused";
  }
  return !replied;
}

ExplainedFilter Explainer::ask(const filter::Link& link) {
  ExplainedFilter asked{std::string(link.name), scopeOf(link, route_), {}, {}, {}};
  if (link.when != nullptr && !link.when->holds(view_->facts, arena_)) {
    asked.outcome = "skipped";
    asked.why = "its condition `when` does not hold";
    return asked;
  }
  filter::Finding finding = link.maker->explain(request_, *view_);
  asked.outcome = wordOf(finding.outcome);
  asked.why = std::move(finding.why);
  asked.near_misses = std::move(finding.near_misses);
  if (finding.outcome != filter::Finding::Outcome::kReplies) return asked;
  explanation_.outcome = {"refused", finding.status, std::string(toString(finding.reason)),
                          asked.why, asked.name};
  return asked;
}

void Explainer::act() {
  const route::Action& action = route_->action;
  if (const auto* redirect = std::get_if<std::unique_ptr<const route::Redirect>>(&action)) {
    return note("redirect", (*redirect)->status(), {});
  }
  if (const auto* respond = std::get_if<std::unique_ptr<const route::Respond>>(&action)) {
    return note("respond", (*respond)->status, {});
  }
  note("forward", 0, {});
  for (const route::Target& target : std::get<route::Forward>(action).targets()) {
    explanation_.upstreams.push_back({.name = clusterName(plan_, target.cluster)});
  }
}

}  // namespace

Explanation explainRequest(const ExplainQuery& query, const proxy::Plan& plan) {
  const proxy::ListenerPlan* listener = findListener(plan, query);
  if (listener == nullptr) {
    return mistaken(query.listener.empty() ? "there is no listener for HTTP"
                                           : "there is no listener \"" + query.listener + "\"");
  }
  if (listener->tcp) {
    return mistaken("listener \"" + std::string(listener->name) + "\" does not read HTTP");
  }
  IpAddress peer;
  if (!query.source.empty()) {
    const auto ip = IpAddress::parse(query.source);
    if (!ip.ok()) return mistaken("\"" + query.source + "\" is not an IP address");
    peer = ip.value();
  }
  if (!query.path.starts_with('/') && query.path != "*") {
    return mistaken("the path must begin with a slash");
  }
  return Explainer(query, plan, *listener, peer).run();
}

}  // namespace weir::admin
