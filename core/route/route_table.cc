#include "core/route/route_table.h"

#include <algorithm>

#include "core/route/path.h"

namespace weir::route {
namespace {

std::string_view matchedPath(const http::Request& request) {
  if (!request.path_has_parameters) return request.path;
  return withoutParameters(request.path, request.headers.arena());
}

}  // namespace

template <typename Visit>
bool RouteTable::visitRules(std::string_view host, std::string_view path, Captures& captures,
                            Visit&& visit) const {
  const auto visit_place = [&](PathTree::Place place) {
    for (const Rule* rule = &rules_[place];; ++rule) {
      if (visit(*rule)) return true;
      if (rule->last) return false;
    }
  };
  return hosts_.visit(
      host, [&](std::uint32_t root) { return tree_.walk(root, path, captures, visit_place); });
}

const Route* RouteTable::find(const http::Request& request, const Source& source,
                              Captures& captures) const {
  const HostKey host(request.authority);
  const Route* found = nullptr;
  captures.clear();
  visitRules(host.text(), matchedPath(request), captures, [&](const Rule& rule) {
    if (rule.predicates != kNoPredicates &&
        predicates_[rule.predicates].check(request, source).unmet != Predicates::Part::kNone) {
      return false;
    }
    found = &routes_[rule.route];
    return true;
  });
  return found;
}

namespace {

Considered::Outcome outcomeOf(Predicates::Part unmet) {
  switch (unmet) {
    case Predicates::Part::kNone:
      return Considered::Outcome::kTaken;
    case Predicates::Part::kListener:
      return Considered::Outcome::kListener;
    case Predicates::Part::kSource:
      return Considered::Outcome::kSource;
    case Predicates::Part::kMethod:
      return Considered::Outcome::kMethod;
    case Predicates::Part::kHeader:
      return Considered::Outcome::kHeader;
    case Predicates::Part::kQuery:
      return Considered::Outcome::kQuery;
  }
  return Considered::Outcome::kPath;
}

std::string whyNot(const Predicates::Verdict& verdict, const http::Request& request) {
  switch (verdict.unmet) {
    case Predicates::Part::kNone:
      return "matches";
    case Predicates::Part::kListener:
      return "is for other listeners";
    case Predicates::Part::kSource:
      return "is for other source addresses";
    case Predicates::Part::kMethod:
      return "is for other methods than " + std::string(request.method_text);
    case Predicates::Part::kHeader:
      return "requires the header " + verdict.named->name + " " + verdict.named->match.toString();
    case Predicates::Part::kQuery:
      return "requires the parameter " + verdict.named->name + " " +
             verdict.named->match.toString();
  }
  return "";
}

}  // namespace

std::string_view toString(Considered::Outcome outcome) {
  switch (outcome) {
    case Considered::Outcome::kTaken:
      return "taken";
    case Considered::Outcome::kLessSpecific:
      return "less_specific";
    case Considered::Outcome::kListener:
      return "listener";
    case Considered::Outcome::kSource:
      return "source";
    case Considered::Outcome::kMethod:
      return "method";
    case Considered::Outcome::kHeader:
      return "header";
    case Considered::Outcome::kQuery:
      return "query";
    case Considered::Outcome::kPath:
      return "path";
    case Considered::Outcome::kHost:
      return "host";
  }
  return "";
}

std::string RouteTable::describe(std::uint32_t route) const {
  constexpr std::size_t kShown = 3;
  const Shape& shape = shapes_[route];
  std::string text;
  for (std::size_t i = 0; i < std::min(shape.hosts.size(), kShown); ++i) {
    text += (i == 0 ? "" : ", ") + shape.hosts[i].toString();
  }
  if (shape.hosts.size() > kShown) {
    text += " and " + std::to_string(shape.hosts.size() - kShown) + " more";
  }
  return text + " " + shape.path;
}

Considered RouteTable::consider(const Rule& rule, const http::Request& request,
                                const Source& source) const {
  Predicates::Verdict verdict;
  if (rule.predicates != kNoPredicates) {
    verdict = predicates_[rule.predicates].check(request, source);
  }
  return {&routes_[rule.route], outcomeOf(verdict.unmet), describe(rule.route),
          whyNot(verdict, request)};
}

std::vector<Considered> RouteTable::explain(const http::Request& request, const Source& source,
                                            std::size_t others) const {
  const HostKey host(request.authority);
  std::vector<Considered> all;
  std::vector<bool> seen(routes_.size());
  bool taken = false;
  Captures captures;
  visitRules(host.text(), matchedPath(request), captures, [&](const Rule& rule) {
    if (seen[rule.route]) return false;
    seen[rule.route] = true;
    Considered& one = all.emplace_back(consider(rule, request, source));
    if (one.outcome != Considered::Outcome::kTaken) return false;
    if (taken) {
      one.outcome = Considered::Outcome::kLessSpecific;
      one.why = "matches, but a route above comes first";
    }
    taken = true;
    return false;
  });
  for (std::uint32_t i = 0; i < routes_.size() && others > 0; ++i) {
    if (seen[i]) continue;
    --others;
    const auto& hosts = shapes_[i].hosts;
    const bool hosted = std::any_of(hosts.begin(), hosts.end(), [&](const HostPattern& pattern) {
      return pattern.matches(host.text());
    });
    all.push_back({&routes_[i], hosted ? Considered::Outcome::kPath : Considered::Outcome::kHost,
                   describe(i), hosted ? "is for other paths" : "is for other hosts"});
  }
  return all;
}

}  // namespace weir::route
