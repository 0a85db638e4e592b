#include "gateway/auth/rbac/policy.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/http/syntax.h"
#include "core/route/path.h"
#include "core/route/settings.h"

namespace weir::gateway::rbac {
namespace {

constexpr std::pair<std::string_view, Action> kActionNames[] = {{"allow", Action::kAllow},
                                                                {"deny", Action::kDeny}};
constexpr std::pair<std::string_view, Mode> kModeNames[] = {{"enforce", Mode::kEnforce},
                                                            {"shadow", Mode::kShadow}};
constexpr http::Principal kAnonymous;
constexpr std::string_view kPresent = "*";  // any value

// Removes the parameters of all segments, and empty segments: "/a/b" of "//a;x=1/b%3By".
std::string_view plainPathOf(std::string_view path, Arena& arena) {
  const std::string_view bare = route::withoutParameters(path, arena);
  if (bare.find("//") == std::string_view::npos) return bare;
  char* const start = arena.allocate(bare.size());
  char* to = start;
  for (const char c : bare) {
    const bool doubled = c == '/' && to != start && to[-1] == '/';
    if (!doubled) *to++ = c;
  }
  return {start, static_cast<std::size_t>(to - start)};
}

// A list that is not given holds for every value.
template <typename Pattern, typename Fits>
bool within(const std::vector<Pattern>& wanted, const std::vector<Pattern>& excluded, Fits fits) {
  return (wanted.empty() || std::ranges::any_of(wanted, fits)) &&
         std::ranges::none_of(excluded, fits);
}

bool holdsText(const std::vector<std::string>& wanted, const std::vector<std::string>& excluded,
               std::string_view text) {
  return within(wanted, excluded, [text](const std::string& each) {
    return !text.empty() && (each == text || each == kPresent);
  });
}

bool holdsAny(const std::vector<std::string>& wanted, const std::vector<std::string>& excluded,
              std::span<const std::string_view> texts) {
  return within(wanted, excluded, [texts](const std::string& each) {
    return !texts.empty() && (each == kPresent || std::ranges::find(texts, each) != texts.end());
  });
}

bool isCallOf(std::string_view path, std::string_view service) {
  return path.size() > service.size() + 2 && path[0] == '/' &&
         path.substr(1, service.size()) == service && path[service.size() + 1] == '/';
}

bool holdsHeader(const http::Headers& headers, std::string_view name,
                 const std::vector<std::string>& values, Action action) {
  std::size_t lines = 0;
  std::size_t fitting = 0;
  for (const http::Header& field : headers) {
    if (!http::equalsIgnoringCase(field.name, name)) continue;
    ++lines;
    fitting += std::ranges::any_of(
        values, [&](const std::string& each) { return each == kPresent || each == field.value; });
  }
  return action == Action::kDeny ? fitting > 0 : lines > 0 && fitting == lines;
}

void checkPaths(config::Table& table, std::string_view key,
                const std::vector<SegmentPattern>& paths) {
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!paths[i].text().starts_with('/')) {
      table.failElement(key, i, "a path begins with \"/\"", "/" + paths[i].text());
    }
  }
}

void checkMethods(config::Table& table, std::string_view key,
                  const std::vector<std::string>& methods) {
  for (std::size_t i = 0; i < methods.size(); ++i) {
    if (!http::isToken(methods[i])) table.failElement(key, i, "is not a method");
  }
}

}  // namespace

Question::Question(const http::Request& request, const http::ExchangeRecord& record,
                   const expr::Facts& facts)
    : request_(request),
      record_(record),
      principal_(record.principal == nullptr ? kAnonymous : *record.principal),
      facts_(facts),
      host_(request.authority),
      plain_path_(request.path) {
  if (request.path_has_parameters || request.path.find("//") != std::string_view::npos) {
    plain_path_ = plainPathOf(request.path, arena());
  }
}

const IpAddress& Question::address() const {
  if (!address_) address_ = IpAddress::parseOrUnknown(record_.client_address);
  return *address_;
}

void Sources::read(config::Table& table, Sources& out) {
  table.read("identities", out.identities,
             "Identities of the client's certificate, such as "
             "`spiffe://prod.example/ns/*/sa/web`.");
  table.read("not_identities", out.not_identities, "Identities that are excluded.");
  table.read("subjects", out.subjects, "Subjects of the credentials; `*` is any.");
  table.read("not_subjects", out.not_subjects, "Subjects that are excluded.");
  table.read("issuers", out.issuers, "Issuers of the credentials; `*` is any.");
  table.read("not_issuers", out.not_issuers, "Issuers that are excluded.");
  table.read("consumers", out.consumers, "Names of consumers; `*` is any.");
  table.read("not_consumers", out.not_consumers, "Consumers that are excluded.");
  table.read("groups", out.groups, "Groups, one of which the caller must have; `*` is any.");
  table.read("not_groups", out.not_groups, "Groups that exclude a caller.");
  table.read("scopes", out.scopes, "Scopes, one of which the credentials must grant; `*` is any.");
  table.read("not_scopes", out.not_scopes, "Scopes that exclude a caller.");
  table.read("addresses", out.addresses, "Address ranges of the client.");
  table.read("not_addresses", out.not_addresses, "Address ranges that are excluded.");
  table.read("authenticated", out.authenticated,
             "Whether the caller was authenticated by a filter before this one.");
}

// Calls check(name, holds) for each setting, where holds() tells whether the request satisfies it,
// until one call returns false.
template <typename Check>
bool Sources::check(const Question& question, Check check) const {
  const http::Principal& principal = question.principal();
  const auto identity_fits = [&](const SegmentPattern& each) {
    return each.matches(question.identity());
  };
  const auto address_fits = [&](const IpRange& each) { return each.contains(question.address()); };
  return check("authenticated",
               [&] { return !authenticated || *authenticated == principal.authenticated(); }) &&
         check("identities", [&] { return within(identities, not_identities, identity_fits); }) &&
         check("subjects", [&] { return holdsText(subjects, not_subjects, principal.subject); }) &&
         check("issuers", [&] { return holdsText(issuers, not_issuers, principal.issuer); }) &&
         check("consumers",
               [&] { return holdsText(consumers, not_consumers, principal.consumer); }) &&
         check("groups", [&] { return holdsAny(groups, not_groups, principal.groups); }) &&
         check("scopes", [&] { return holdsAny(scopes, not_scopes, principal.scopes); }) &&
         check("addresses", [&] {
           return (addresses.empty() && not_addresses.empty()) ||
                  within(addresses, not_addresses, address_fits);
         });
}

bool Sources::match(const Question& question) const {
  return check(question, [](std::string_view, auto holds) { return holds(); });
}

void Sources::addMismatches(const Question& question, std::vector<std::string_view>& fields) const {
  check(question, [&](std::string_view name, auto holds) {
    if (!holds()) fields.push_back(name);
    return true;
  });
}

void Targets::read(config::Table& table, Targets& out) {
  table.read("hosts", out.hosts, "Hosts, such as `*.example.com`.");
  table.read("not_hosts", out.not_hosts, "Hosts that are excluded.");
  table.read("methods", out.methods, "Methods.");
  table.read("not_methods", out.not_methods, "Methods that are excluded.");
  table.read("paths", out.paths,
             "Paths, normalized and before rewriting: `/users/*/orders`, `/admin/**`.");
  table.read("not_paths", out.not_paths, "Paths that are excluded.");
  table.read("grpc_services", out.grpc_services, "gRPC services, such as `shop.v1.Orders`.");
  checkPaths(table, "paths", out.paths);
  checkPaths(table, "not_paths", out.not_paths);
  checkMethods(table, "methods", out.methods);
  checkMethods(table, "not_methods", out.not_methods);
}

// As for Sources.
template <typename Check>
bool Targets::check(const Question& question, bool plain, Check check) const {
  const auto host_fits = [&](const route::HostPattern& each) {
    return each.matches(question.host());
  };
  const std::string_view path = plain ? question.plainPath() : question.path();
  const auto path_fits = [path](const SegmentPattern& each) { return each.matches(path); };
  const auto service_fits = [path](const std::string& each) { return isCallOf(path, each); };
  // What is excluded from a deny is excluded only under its exact path.
  const auto exception_fits = [&](const SegmentPattern& each) {
    return each.matches(plain ? question.path() : question.plainPath());
  };
  return check("methods", [&] { return holdsText(methods, not_methods, question.method()); }) &&
         check("hosts", [&] { return within(hosts, not_hosts, host_fits); }) &&
         check("paths",
               [&] {
                 return within(paths, {}, path_fits) &&
                        std::ranges::none_of(not_paths, exception_fits);
               }) &&
         check("grpc_services", [&] { return within(grpc_services, {}, service_fits); });
}

bool Targets::match(const Question& question, bool plain) const {
  return check(question, plain, [](std::string_view, auto holds) { return holds(); });
}

void Targets::addMismatches(const Question& question, bool plain,
                            std::vector<std::string_view>& fields) const {
  check(question, plain, [&](std::string_view name, auto holds) {
    if (!holds()) fields.push_back(name);
    return true;
  });
}

void Policy::read(config::Table& table, Policy& out) {
  table.read("name", out.name, "Name, in metrics, in the log and in the response.",
             {.min_size = 1, .max_size = 128, .required = true});
  table.read("action", out.action, kActionNames, "Effect on matching requests.",
             {.required = true});
  table.read("mode", out.enforcement, kModeNames,
             "`shadow` counts what the policy would decide, and decides nothing.");
  table.read("from", out.from, "Senders of the requests.");
  table.read("to", out.to, "Hosts, methods and paths of the requests.");
  table.read("headers", out.headers,
             "Values of headers, by name; `*` is any. One line of a header is enough for a deny, "
             "all lines must have one of the values for an allow.");
  table.read("when", out.when,
             "Condition, an expression. If it has no result, a deny applies and an allow does "
             "not.");
}

bool Policy::match(const Question& question) const {
  const bool deny = action == Action::kDeny;
  if (!from.match(question) || !to.match(question, deny)) return false;
  for (const auto& [header, values] : headers) {
    if (!holdsHeader(question.headers(), header, values, action)) return false;
  }
  return conditionHolds(question);
}

bool Policy::conditionHolds(const Question& question) const {
  if (!when.given()) return true;
  const expr::Value result = when.program().evaluate(question.facts(), question.arena());
  return result.isTrue() || (action == Action::kDeny && result.isFault());
}

std::vector<std::string_view> Policy::mismatches(const Question& question) const {
  std::vector<std::string_view> fields;
  from.addMismatches(question, fields);
  to.addMismatches(question, action == Action::kDeny, fields);
  for (const auto& [header, values] : headers) {
    if (!holdsHeader(question.headers(), header, values, action)) fields.push_back(header);
  }
  if (!conditionHolds(question)) fields.emplace_back("when");
  return fields;
}

}  // namespace weir::gateway::rbac
