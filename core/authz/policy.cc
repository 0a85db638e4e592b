#include "core/authz/policy.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/http/syntax.h"
#include "core/route/path.h"
#include "core/route/settings.h"

namespace weir::authz {
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

bool holdsPort(const std::vector<std::uint16_t>& wanted, const std::vector<std::uint16_t>& excluded,
               std::uint16_t port) {
  return within(wanted, excluded, [port](std::uint16_t each) { return each == port; });
}

bool holdsIdentity(const std::vector<SegmentPattern>& wanted,
                   const std::vector<SegmentPattern>& excluded, const Question& question) {
  return within(wanted, excluded, [&question](const SegmentPattern& each) {
    return each.matches(question.identity());
  });
}

bool holdsNamespace(const std::vector<std::string>& wanted,
                    const std::vector<std::string>& excluded, const Question& question) {
  if (wanted.empty() && excluded.empty()) return true;
  return holdsText(wanted, excluded, question.nameSpace());
}

// Each is the name of an account in any namespace, or "NAMESPACE/NAME".
bool holdsAccount(const std::vector<std::string>& wanted, const std::vector<std::string>& excluded,
                  const Question& question) {
  if (wanted.empty() && excluded.empty()) return true;
  const std::string_view space = question.nameSpace();
  const std::string_view account = question.serviceAccount();
  return within(wanted, excluded, [&](std::string_view each) {
    if (account.empty()) return false;
    const std::size_t slash = each.find('/');
    if (slash == std::string_view::npos) return each == account || each == kPresent;
    return each.substr(0, slash) == space && each.substr(slash + 1) == account;
  });
}

// The parts of an identity of the form spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT.
struct KubernetesName {
  std::string_view space, account;
};

KubernetesName kubernetesNameOf(std::string_view identity) {
  constexpr std::string_view kScheme = "spiffe://";
  if (!identity.starts_with(kScheme)) return {};
  std::string_view rest = identity.substr(kScheme.size());
  const auto skip = [&rest](std::string_view marker) {
    const std::size_t at = rest.find('/');
    if (at == std::string_view::npos || !rest.substr(at).starts_with(marker)) return false;
    rest.remove_prefix(at + marker.size());
    return true;
  };
  if (!skip("/ns/")) return {};
  const std::string_view space = rest.substr(0, rest.find('/'));
  if (!skip("/sa/") || rest.find('/') != std::string_view::npos) return {};
  return {space, rest};
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
    : subject_(Subject::kRequest),
      arena_(request.headers.arena()),
      headers_(&request.headers),
      record_(record),
      principal_(record.principal == nullptr ? kAnonymous : *record.principal),
      facts_(facts),
      method_(request.method_text),
      path_(request.path),
      host_(request.authority),
      plain_path_(request.path) {
  if (request.path_has_parameters || request.path.find("//") != std::string_view::npos) {
    plain_path_ = plainPathOf(request.path, arena());
  }
}

Question::Question(Subject subject, const http::ExchangeRecord& record, const expr::Facts& facts,
                   Arena& arena)
    : subject_(subject),
      arena_(arena),
      headers_(subject == Subject::kRequest ? record.request_headers : nullptr),
      record_(record),
      principal_(record.principal == nullptr ? kAnonymous : *record.principal),
      facts_(facts),
      method_(record.method_text),
      path_(record.normalized_path.empty() ? record.path : record.normalized_path),
      host_(record.authority),
      plain_path_(plainPathOf(path_, arena)) {}

std::string_view Question::nameSpace() const { return kubernetesNameOf(identity()).space; }

std::string_view Question::serviceAccount() const { return kubernetesNameOf(identity()).account; }

const IpAddress& Question::address() const {
  if (!address_) address_ = IpAddress::parseOrUnknown(record_.client_address);
  return *address_;
}

void Sources::read(config::Table& table, Sources& out) {
  table.read("identities", out.identities,
             "Identities of the client's certificate, such as "
             "`spiffe://prod.example/ns/*/sa/web`.");
  table.read("not_identities", out.not_identities, "Identities that are excluded.");
  table.read("namespaces", out.namespaces,
             "Namespaces of Kubernetes in the client's identity, such as `shop` of "
             "`spiffe://prod.example/ns/shop/sa/web`; `*` is any.");
  table.read("not_namespaces", out.not_namespaces, "Namespaces that are excluded.");
  table.read("service_accounts", out.service_accounts,
             "Service accounts of Kubernetes in the client's identity: `web`, or `shop/web` for "
             "that of one namespace; `*` is any.");
  table.read("not_service_accounts", out.not_service_accounts,
             "Service accounts that are excluded.");
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
  const auto address_fits = [&](const IpRange& each) { return each.contains(question.address()); };
  return check("authenticated",
               [&] { return !authenticated || *authenticated == principal.authenticated(); }) &&
         check("identities", [&] { return holdsIdentity(identities, not_identities, question); }) &&
         check("namespaces",
               [&] { return holdsNamespace(namespaces, not_namespaces, question); }) &&
         check("service_accounts",
               [&] { return holdsAccount(service_accounts, not_service_accounts, question); }) &&
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

bool Sources::matchIdentity(const Question& question) const {
  return holdsIdentity(identities, not_identities, question) &&
         holdsNamespace(namespaces, not_namespaces, question) &&
         holdsAccount(service_accounts, not_service_accounts, question);
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
  table.read("ports", out.ports,
             "Ports on which the connection arrived, or its destination if the connection was "
             "redirected to weir.");
  table.read("not_ports", out.not_ports, "Ports that are excluded.");
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
         check("ports", [&] { return matchPort(question); }) &&
         check("hosts", [&] { return within(hosts, not_hosts, host_fits); }) &&
         check("paths",
               [&] {
                 return within(paths, {}, path_fits) &&
                        std::ranges::none_of(not_paths, exception_fits);
               }) &&
         check("grpc_services", [&] { return within(grpc_services, {}, service_fits); });
}

bool Targets::matchPort(const Question& question) const {
  return holdsPort(ports, not_ports, question.port());
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
  if (question.subject() == Subject::kBytes) return matchBytes(question);
  if (question.subject() == Subject::kAnyRequest) return matchAnyRequest(question);
  return from.match(question) && to.match(question, action == Action::kDeny) &&
         headersMatch(question) && conditionHolds(question);
}

bool Policy::headersMatch(const Question& question) const {
  if (headers.empty()) return true;
  if (question.headers() == nullptr) return false;
  return std::ranges::all_of(headers, [&](const auto& each) {
    return holdsHeader(*question.headers(), each.first, each.second, action);
  });
}

bool Policy::matchBytes(const Question& question) const {
  if (action == Action::kAllow && (to.readsRequest() || !headers.empty())) return false;
  return from.match(question) && to.matchPort(question) && conditionHolds(question);
}

bool Policy::matchAnyRequest(const Question& question) const {
  if (action == Action::kDeny && readsRequest()) return false;
  return from.matchIdentity(question) && to.matchPort(question);
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
    const auto* const sent = question.headers();
    if (sent == nullptr || !holdsHeader(*sent, header, values, action)) fields.push_back(header);
  }
  if (!conditionHolds(question)) fields.emplace_back("when");
  return fields;
}

}  // namespace weir::authz
